#!/usr/bin/env bash
# The main job on a bare machine: install, build, draw a data set, and study on it whether pre-training
# is worth it. Can be stopped and started again at any moment; what is finished is reused.
#   scripts/run_study.sh [section.key=value ...]
# STUDY=shapes runs configs/study/shapes.toml instead of quick.toml, for an hour and a half.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${DENOVO_BUILD_DIR:-build}/bin
study=${STUDY:-quick}
if [ "$study" = shapes ]; then
  data=datasets/study_four options=(--images 3840 --val 700 --classes 4 --no-small)
else
  data=datasets/study options=(--images 1920 --val 300)
fi

scripts/setup.sh
scripts/build.sh make_shapes train_coco pretrain_imagenet ablate_data_size

echo "data: images of textured shapes, to detect and to pre-train on, into $data (seconds)" >&2
"$bin/make_shapes" --out $data "${options[@]}" --size 96 --classification 4200 --quiet

resume=()
[ -e "studies/$study/study.toml" ] && resume=(--resume)
echo "study: configs/study/$study.toml into studies/$study (quick: under ten minutes on 2 cores)" >&2
"$bin/ablate_data_size" --config "configs/study/$study.toml" --out "studies/$study" \
  --jobs "$(nproc)" "${resume[@]}" "$@"
