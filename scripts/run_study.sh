#!/usr/bin/env bash
# The main job on a bare machine: install, build, generate a data set, train Mask R-CNN from random
# weights, evaluate, draw. Can be stopped and started again at any moment; finished steps are reused.
#   scripts/run_study.sh [section.key=value ...]
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${DENOVO_BUILD_DIR:-build}/bin
data=datasets/shapes
run=runs/shapes-quick

scripts/setup.sh
scripts/build.sh make_shapes train_coco

echo "data: 3000 training and 400 validation images of textured shapes into $data (about a minute)" >&2
"$bin/make_shapes" --out "$data"

resume=()
[ -e "$run/config.toml" ] && resume=(--resume)
echo "train: Mask R-CNN from random weights into $run (about ten minutes on 2 cores)" >&2
"$bin/train_coco" --config configs/shapes/quick.toml --out "$run" "${resume[@]}" "$@"

echo
echo "metrics:    $run/metrics.jsonl"
echo "pictures:   $run/vis/ (ground truth on the left, predictions on the right)"
echo "checkpoint: $run/checkpoints/last"
