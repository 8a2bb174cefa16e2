#!/usr/bin/env bash
# Installs what is missing, builds, and runs the whole suite.
#   DENOVO_CUDA=AUTO|ON|OFF  also compile the CUDA half (ON: a missing nvcc is a failure)
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh --tests
DENOVO_TESTS=ON scripts/build.sh
echo "test: the whole suite (a few minutes on 2 cores)" >&2
ctest --test-dir "${DENOVO_BUILD_DIR:-build}" --output-on-failure
