#!/usr/bin/env bash
# Configures and builds Release into build/. DENOVO_CUDA and DENOVO_MPI=AUTO|ON|OFF are passed through.
#   scripts/build.sh [TARGET...]
set -euo pipefail
cd "$(dirname "$0")/.."

build=${DENOVO_BUILD_DIR:-build}
echo "build: Release into $build/ (several minutes the first time, seconds later)" >&2
cmake --log-level=NOTICE -G Ninja -S . -B "$build" -DCMAKE_BUILD_TYPE=Release \
  -DDENOVO_CUDA="${DENOVO_CUDA:-AUTO}" -DDENOVO_MPI="${DENOVO_MPI:-AUTO}" \
  -DDENOVO_TESTS="${DENOVO_TESTS:-OFF}" >&2
cmake --build "$build" ${1:+--target "$@"} >&2
