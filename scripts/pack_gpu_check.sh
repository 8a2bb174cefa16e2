#!/usr/bin/env bash
# Builds what scripts/gpu_check.sh runs and packs it into one file: the programs without symbols, and
# the libraries that a machine with a GPU may lack. CUDA's own and the C and C++ runtimes are left out.
#   scripts/pack_gpu_check.sh [PACKAGE]      (build-gpu/gpu_check.tar.xz)
set -euo pipefail
cd "$(dirname "$0")/.."

build=${DENOVO_BUILD_DIR:-build-gpu}
package=${1:-$build/gpu_check.tar.xz}
programs=(core_tests ops_tests detection_tests bench_step)
limit_mib=60

echo "pack: building into $build/ (many minutes the first time)" >&2
cmake -G Ninja -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DDENOVO_CUDA=ON -DDENOVO_MPI=OFF \
  -DDENOVO_TESTS=ON -DDENOVO_TEST_ROOT=. >&2
cmake --build "$build" --target "${programs[@]}" >&2

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir "$stage/bin" "$stage/lib"
for program in "${programs[@]}"; do
  strip -o "$stage/bin/$program" "$build/bin/$program"
  ldd "$build/bin/$program"
done | awk '$3 ~ /^\// { print $3 }' | sort -u |
  grep -Ev '/(lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s|cu[a-zA-Z]*|nccl|nv[a-zA-Z]*)\.so)' |
  while read -r library; do cp -L "$library" "$stage/lib/"; done

tar cJf "$package" -C "$stage" bin lib
mib=$(($(stat -c %s "$package") / 1048576 + 1))
echo "pack: $package, $mib MiB" >&2
[ $mib -le $limit_mib ] || { echo "pack: $package must be at most $limit_mib MiB, got $mib" >&2; exit 1; }
