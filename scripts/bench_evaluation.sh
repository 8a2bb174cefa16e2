#!/usr/bin/env bash
# Times reading and evaluation on 5,000 images with 500,000 detections, and the reading of an
# annotation file of train2017's size; beside pycocotools where a Python has it. Needs a quiet
# machine and 0.7 GB of disk; a minute, with pycocotools four.
#
#   scripts/bench_evaluation.sh [--oracle PYTHON] [--dir DIR]
#
# The files are made once in DIR (build/bench) and stay there.
set -euo pipefail
cd "$(dirname "$0")/.."

python= dir=${DENOVO_BUILD_DIR:-build}/bench
while [ $# -gt 1 ]; do
  case $1 in
    --oracle) python=$2 ;;
    --dir) dir=$2 ;;
    *) break ;;
  esac
  shift 2
done
[ $# -eq 0 ] || { sed -n '6s/^# *//p' "$0" >&2; exit 2; }

scripts/setup.sh --tests
DENOVO_TESTS=ON scripts/build.sh evaluation_bench
bench=${DENOVO_BUILD_DIR:-build}/bin/evaluation_bench
if [ ! -e "$dir/complete" ]; then
  echo "bench: making the files in $dir (half a minute)" >&2
  "$bench" make "$dir"
  touch "$dir/complete"
fi

ours=$("$bench" evaluate "$dir")
train=$("$bench" annotations "$dir")
theirs=
if [ -n "$python" ]; then
  echo "bench: pycocotools (two or three minutes)" >&2
  theirs=$("$python" tests/oracles/coco_bench.py "$dir")
fi

echo "load average $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) processors; seconds: wall (CPU)"
awk -v ours="$ours" -v theirs="$theirs" 'BEGIN {
  split("read truth,read results,evaluate boxes,evaluate masks", name, ",")
  split("truth results bbox segm", key, " ")
  split("- 5 60 25", goal, " ")
  n = split(ours, line, "\n"); for (i = 1; i <= n; ++i) { split(line[i], w, " "); a[w[1]] = w[2]; ac[w[1]] = w[3] }
  n = split(theirs, line, "\n"); for (i = 1; i <= n; ++i) { split(line[i], w, " "); b[w[1]] = w[2]; bc[w[1]] = w[3] }
  printf "%-16s %18s %20s %8s %8s %6s\n", "", "denovo", "pycocotools", "wall", "CPU", "goal"
  for (i = 1; i <= 4; ++i) {
    k = key[i]
    printf "%-16s %9.3f (%6.3f)", name[i], a[k], ac[k]
    if (k in b) printf " %10.2f (%7.2f) %7.1fx %7.1fx %5s", b[k], bc[k], b[k] / a[k], bc[k] / ac[k], goal[i] == "-" ? "" : goal[i] "x"
    printf "\n"
  }
  if ("AP" in b) print (a["AP"] == b["AP"] && ac["AP"] == bc["AP"]) ? "AP of both types is equal to the last digit" : "AP DIFFERS: " a["AP"] " " ac["AP"] " against " b["AP"] " " bc["AP"]
}'
echo "$train" | awk -v bytes="$(stat -c %s "$dir/train.json")" '
  $1 == "train" { printf "train2017-size file of %.0f MB: %.2f s (%.2f s CPU), goal 2 s", bytes / 1e6, $2, $3 }
  $1 == "fingerprint" { printf "; its fingerprint: %.3f s (%.3f s CPU), goal 0.2 s", $2, $3 }
  $1 == "view" { printf "; judged for training in %.2f s (%.2f s CPU)", $2, $3 }
  $1 == "memory" { printf "; %.0f MB of memory, goal 1000\n", $2 / 1e6 }'
