#!/usr/bin/env bash
# Installs the Debian packages that are missing (Debian 12, Ubuntu 24.04). Nothing is downloaded
# beyond the distribution's registry, but for the gate's disassembler; what apt-get says goes to
# build/setup.log.
#   scripts/setup.sh          what building and running needs
#   scripts/setup.sh --tests  also what scripts/run_tests.sh needs
#   scripts/setup.sh --gate   also what .ci/run needs (clang to fuzz, mmdebstrap for a bare machine, Slurm,
#                             Chromium to look at reports), and by pip, into build/disassembler, what
#                             disassembles kernels: no Debian package has it. Its test is skipped where
#                             pip cannot get it
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(g++ cmake ninja-build libfmt-dev libdnnl-dev ocl-icd-libopencl1 libsimdjson-dev libtomlplusplus-dev libpugixml-dev libyaml-cpp-dev libzip-dev libboost-dev libstb-dev libopenmpi-dev openmpi-bin libonnx-dev libprotobuf-dev)
case "${1:-}" in --tests | --gate) packages+=(doctest-dev clang-format) ;; esac
[ "${1:-}" != --gate ] || packages+=(clang libclang-rt-dev mmdebstrap slurm-wlm munge chromium python3-venv)

disassembler() {
  local home=${DENOVO_BUILD_DIR:-build}/disassembler
  [ ! -x "$home/bin/nvdisasm" ] || return 0
  mkdir -p "$home/bin"
  { python3 -m venv "$home/python" &&
    "$home/python/bin/pip" install nvidia-cuda-nvdisasm nvidia-cuda-cuobjdump &&
    find "$(realpath "$home")/python" -name nvdisasm -o -name cuobjdump | xargs -I{} ln -sf {} "$home/bin"; } \
    </dev/null >"$home/setup.log" 2>&1 ||
    echo "setup: no disassembler ($home/setup.log), its test will be skipped" >&2
}

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  [ "${1:-}" != --gate ] || disassembler
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null ||
    { echo "setup: installing needs root or sudo; have installed: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
log=${DENOVO_BUILD_DIR:-build}/setup.log
mkdir -p "$(dirname "$log")"
echo "setup: apt-get install ${missing[*]} (about a minute)" >&2
# sudo asks on the terminal itself, nothing else may ask. A machine that has just started may still
# be upgrading itself: that is waited for.
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
if ! { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${missing[@]}"; } \
  </dev/null >"$log" 2>&1; then
  echo "setup: apt-get failed, its output is in $log and ends with" >&2
  tail -n 20 "$log" | sed 's/^/  /' >&2
  exit 1
fi
[ "${1:-}" != --gate ] || disassembler
