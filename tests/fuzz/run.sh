#!/bin/sh
# Builds every fuzz target of this folder with clang, ASan and UBSan, and runs each for some seconds.
#
#   tests/fuzz/run.sh [SECONDS=60] [TARGET...]      coco_json, image, results_json, rle, safetensors
#
# Seeds are in seeds/TARGET, what is found is kept in build/fuzz/corpus/TARGET, counts and reports in
# build/fuzz/TARGET.log. Exit status 1 on a sanitizer report, an exit or a missing tool.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
targets=${*:-$(ls tests/fuzz/*_fuzz.cpp | sed 's|.*/||; s|_fuzz.cpp||')}
out=build/fuzz
mkdir -p "$out/objects"

command -v clang++ >/dev/null ||
  { echo "fuzz: clang++ is missing, install clang and libclang-rt-14-dev" >&2; exit 1; }
compiler="${CMAKE_CXX_COMPILER_LAUNCHER:-} clang++"
flags="-std=c++20 -O1 -g1 -march=x86-64-v3 -ffp-contract=off -fno-sanitize-recover=all -I."
# Debian's clang has no OpenMP runtime of its own: the loops run serially, omp.h is g++'s.
flags="$flags -idirafter $(g++ -print-file-name=include)"
libraries="-lfmt -lsimdjson $(g++ -print-file-name=libgomp.so)"

sources="core/error.cpp $(ls core/raster/*.cpp data/coco/*.cpp data/evaluation/*.cpp \
  data/image/*.cpp third_party/stb.cpp) core/files/json_writer.cpp core/files/file.cpp \
  core/files/atomic_write.cpp core/files/safetensors_header.cpp"
for source in $sources; do
  case $source in data/evaluation/report.cpp) continue ;; esac  # needs tensors, reads nothing
  object=$out/objects/$(echo "$source" | tr / _).o
  if [ ! "$object" -nt "$source" ] || [ -n "$(find core data -name '*.h' -newer "$object")" ]; then
    echo "$source $object"
  fi
done | xargs -r -P "$(nproc)" -n 2 sh -c \
  "$compiler $flags"' -fsanitize=fuzzer-no-link,address,undefined -c "$0" -o "$1"'

for target in $targets; do
  $compiler $flags -fsanitize=fuzzer,address,undefined "tests/fuzz/${target}_fuzz.cpp" \
    "$out"/objects/*.o $libraries -o "$out/$target"
  mkdir -p "$out/corpus/$target"
  echo "fuzzing $target for $seconds s" >&2
  if ! "$out/$target" -max_total_time="$seconds" -max_len=2000 -rss_limit_mb=1024 -timeout=10 \
    -print_final_stats=1 -artifact_prefix="$out/$target-" \
    "$out/corpus/$target" "tests/fuzz/seeds/$target" >"$out/$target.log" 2>&1; then
    tail -40 "$out/$target.log" >&2
    echo "fuzz: $target failed; the input is $(ls -t "$out/$target"-* | head -1)" >&2
    exit 1
  fi
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$target.log")
  [ "${executions:-0}" -gt 0 ] || { echo "fuzz: $target ran no input" >&2; exit 1; }
  echo "fuzz: $target: $executions executions, no report"
done
