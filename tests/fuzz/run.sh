#!/bin/sh
# Builds every fuzz target of this folder with clang, ASan and UBSan, and runs each for some seconds.
#
#   tests/fuzz/run.sh [SECONDS=60] [TARGET...]      rle, coco_json, results_json, …
#
# Seeds are in seeds/TARGET, what is found is kept in build/fuzz/corpus/TARGET. Fails on a report.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
targets=${*:-$(ls tests/fuzz/*_fuzz.cpp | sed 's|.*/||; s|_fuzz.cpp||')}
out=build/fuzz
mkdir -p "$out/objects"

flags="-std=c++20 -O1 -g1 -march=x86-64-v3 -ffp-contract=off -fno-sanitize-recover=all -I."
# Debian's clang has no OpenMP runtime of its own: the loops run serially, omp.h is g++'s.
flags="$flags -idirafter $(g++ -print-file-name=include)"
libraries="-lfmt -lsimdjson $(g++ -print-file-name=libgomp.so)"

sources="core/error.cpp $(ls core/raster/*.cpp core/files/json_writer.cpp core/files/file.cpp \
  core/files/atomic_write.cpp data/coco/*.cpp data/evaluation/*.cpp data/image/*.cpp third_party/stb.cpp)"
for source in $sources; do
  case $source in data/evaluation/report.cpp) continue ;; esac  # needs tensors, reads nothing
  object=$out/objects/$(echo "$source" | tr / _).o
  if [ ! "$object" -nt "$source" ]; then echo "$source $object"; fi
done | xargs -r -P "$(nproc)" -n 2 sh -c \
  'clang++ '"$flags"' -fsanitize=fuzzer-no-link,address,undefined -c "$0" -o "$1"'

for target in $targets; do
  clang++ $flags -fsanitize=fuzzer,address,undefined "tests/fuzz/${target}_fuzz.cpp" \
    "$out"/objects/*.o $libraries -o "$out/$target"
  mkdir -p "$out/corpus/$target"
  echo "fuzzing $target for $seconds s"
  "$out/$target" -max_total_time="$seconds" -max_len=2000 -print_final_stats=1 \
    -artifact_prefix="$out/" "$out/corpus/$target" "tests/fuzz/seeds/$target" 2>&1 |
    tail -20 > "$out/$target.log" || true
  grep -q "^stat::number_of_executed_units" "$out/$target.log" || { cat "$out/$target.log"; exit 1; }
  grep "^stat::number_of_executed_units" "$out/$target.log"
  if grep -q "SUMMARY:" "$out/$target.log"; then cat "$out/$target.log"; exit 1; fi
done
