#!/bin/sh
# Builds every fuzz target of this folder with clang, ASan and UBSan, and runs each for some seconds.
#
#   tests/fuzz/run.sh [SECONDS=60] [TARGET...]      coco_json, export, foreign, image, results_json, rle, safetensors
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
  { echo "fuzz: clang++ is missing, scripts/setup.sh --gate installs it" >&2; exit 1; }
compiler="${CMAKE_CXX_COMPILER_LAUNCHER:-} clang++"
flags="-std=c++20 -O1 -g1 -march=x86-64-v3 -ffp-contract=off -fno-sanitize-recover=all -I."
# Debian's clang has no OpenMP runtime of its own: the loops run serially, omp.h is g++'s.
flags="$flags -idirafter $(g++ -print-file-name=include)"
libraries="-lfmt -lsimdjson -lzip -lpugixml -lyaml-cpp $(g++ -print-file-name=libgomp.so)"

sources="core/error.cpp $(ls core/raster/*.cpp data/coco/*.cpp data/convert/*.cpp data/evaluation/*.cpp \
  data/image/*.cpp third_party/stb.cpp) core/program/nearest_name.cpp core/files/json_writer.cpp core/files/file.cpp \
  core/files/atomic_write.cpp core/files/safetensors_header.cpp $(ls core/foreign/*.cpp)"
for source in $sources; do
  # These need tensors, and read nothing themselves.
  case $source in data/evaluation/report.cpp | core/foreign/foreign_tensor.cpp) continue ;; esac
  object=$out/objects/$(echo "$source" | tr / _).o
  if [ ! "$object" -nt "$source" ] || [ -n "$(find core data -name '*.h' -newer "$object")" ]; then
    echo "$source $object"
  fi
done | xargs -r -P "$(nproc)" -n 2 sh -c \
  "$compiler $flags"' -fsanitize=fuzzer-no-link,address,undefined -c "$0" -o "$1"'

for target in $targets; do
  $compiler $flags -fsanitize=fuzzer,address,undefined "tests/fuzz/${target}_fuzz.cpp" \
    "$out"/objects/*.o $libraries -o "$out/$target"
done

run_target() {
  mkdir -p "$out/corpus/$1"
  length=2000
  [ "$1" != foreign ] || length=6000 # archives of PyTorch are that long
  if ! "$out/$1" -seed=1 -max_total_time="$seconds" -max_len="$length" -rss_limit_mb=1024 -timeout=10 \
    -print_final_stats=1 -artifact_prefix="$out/$1-" \
    "$out/corpus/$1" "tests/fuzz/seeds/$1" >"$out/$1.log" 2>&1; then
    tail -40 "$out/$1.log" >&2
    echo "fuzz: $1 failed; the input is $(ls -t "$out/$1"-* | head -1)" >&2
    return 1
  fi
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$1.log")
  [ "${executions:-0}" -gt 0 ] || { echo "fuzz: $1 ran no input" >&2; return 1; }
  echo "fuzz: $1: $executions executions, no report"
}

# As many at a time as there are processors.
status=0
set -- $targets
while [ $# -gt 0 ]; do
  pids=
  for _ in $(seq "$(nproc)"); do
    [ $# -gt 0 ] || break
    echo "fuzz: $1 for $seconds s" >&2
    run_target "$1" &
    pids="$pids $!"
    shift
  done
  for pid in $pids; do wait "$pid" || status=1; done
done
exit $status
