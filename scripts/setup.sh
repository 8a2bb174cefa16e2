#!/usr/bin/env bash
# Installs the Debian packages that are missing (Debian 12, Ubuntu 24.04). Nothing is downloaded
# beyond the distribution's registry.
#   scripts/setup.sh          what building and running needs
#   scripts/setup.sh --tests  also what the tests need (clang builds the fuzz targets)
set -euo pipefail

packages=(g++ cmake ninja-build libfmt-dev libdnnl-dev ocl-icd-libopencl1 libsimdjson-dev libtomlplusplus-dev libstb-dev libopenmpi-dev openmpi-bin)
[ "${1:-}" = --tests ] && packages+=(doctest-dev clang clang-format libclang-rt-dev)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
echo "setup: installing ${missing[*]} (about a minute)" >&2
echo "+ ${sudo[*]:+${sudo[*]} }apt-get install -y --no-install-recommends ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
