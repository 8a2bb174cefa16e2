#!/usr/bin/env bash
# A short real training must pass a floor of AP that it cannot reach untrained: the same command with
# learning rate 0 stays below 1.
#   training_floor_test.sh SOURCE_DIR BIN_DIR
set -euo pipefail
source_dir=$1
bin=$2
floor=0.25 # AP as a fraction; 0.5 was measured, so a lucky seed cannot hide a loss of quality

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$bin/make_shapes" --out "$work/shapes" --images 8 --val 1 --classification 0 --quiet

ap_of() { # run directory name, overrides...
  local run="$work/$1"
  shift
  "$bin/train_coco" --config "$source_dir/configs/shapes/overfit.toml" --out "$run" --quiet \
    data.root="$work/shapes" eval.pictures=0 "$@" >/dev/null
  sed -E 's/.*"AP":([0-9.eE+-]+).*/\1/' "$run"/eval/*/bbox.json
}

trained=$(ap_of trained)
untrained=$(ap_of untrained solver.base_lr=0 solver.max_iter=5)
echo "training floor: box AP $trained trained, $untrained with learning rate 0"
awk -v a="$trained" -v b="$untrained" -v floor="$floor" 'BEGIN { exit !(a >= floor && b < 0.01) }'
