#!/usr/bin/env bash
# Does a change leave what runs learn as it was? Builds two revisions, trains the same short runs with
# both, and compares weights, momentum and metrics byte by byte: for redesigns that must change no bit.
# Half an hour on 2 cores.
#
#   scripts/same_run.sh OLD [NEW] [--short] [--boxes DIR]
#
# NEW is HEAD unless given. --short: a tenth of the iterations, in minutes, for every day; AP is hardly
# above zero then, so that detections prove little. --boxes DIR: a COCO-format data set of boxes as
# configs/bccd/scratch.toml expects it, trained on as well. Builds and runs stay in build/same_run, and
# are used again.
set -euo pipefail
cd "$(dirname "$0")/.."

boxes="" tenth=1 kind=runs revisions=()
while [ $# -gt 0 ]; do
  case $1 in
    --boxes) boxes=$(realpath "$2"); shift 2 ;;
    --short) tenth=10 kind=short_runs; shift ;;
    -*) sed -n '6s/^# *//p' "$0" >&2; exit 2 ;;
    *) revisions+=("$1"); shift ;;
  esac
done
[ ${#revisions[@]} -ge 1 ] || { sed -n '6s/^# *//p' "$0" >&2; exit 2; }
[ ${#revisions[@]} -eq 2 ] || revisions+=(HEAD)

root=$PWD/${DENOVO_BUILD_DIR:-build}/same_run
mkdir -p "$root"
commits=()
for revision in "${revisions[@]}"; do commits+=("$(git rev-parse --short=12 "$revision^{commit}")"); done

build() {
  local tree=$root/$1
  [ -e "$tree" ] || git clone -q --shared . "$tree"
  git -C "$tree" -c advice.detachedHead=false checkout -q "$1"
  echo "same_run: building $1" >&2
  cmake -G Ninja -S "$tree" -B "$tree/build" -DCMAKE_BUILD_TYPE=Release -DDENOVO_CUDA=OFF \
    -DDENOVO_TESTS=OFF >"$tree/configure.log"
  cmake --build "$tree/build" --target train_coco make_shapes >"$tree/build.log" ||
    { tail -20 "$tree/build.log" >&2; exit 1; }
}

# train COMMIT NAME COMMAND_PREFIX... -- ARGUMENTS of train_coco
train() {
  local tree=$root/$1 name=$2
  shift 2
  local prefix=()
  while [ "$1" != -- ]; do prefix+=("$1"); shift; done
  shift
  local out=$tree/$kind/$name
  [ -e "$out/result.txt" ] && return
  rm -rf "$out"
  echo "same_run: $name with $(basename "$tree")" >&2
  (cd "$tree" && "${prefix[@]}" build/bin/train_coco --out "$out" --quiet "$@" >"$tree/$name.log" 2>&1) ||
    { tail -5 "$tree/$name.log" >&2; exit 1; }
}

# schedule ITERATIONS DROP...: settings of a run of so many, whose rate drops at those; or a tenth of all.
schedule() {
  local scaled=() number
  for number; do scaled+=($(((number + tenth - 1) / tenth))); done
  echo "solver.max_iter=${scaled[0]} solver.steps=[$(IFS=,; echo "${scaled[*]:1}")]"
}

# shellcheck disable=SC2046 # schedule makes two words
runs() {
  train "$1" quick env -- --threads 2 --config configs/shapes/quick.toml data.root="$root/shapes" \
    $(schedule 200 100 150) eval.period=$((100 / tenth)) eval.max_images=$((40 / tenth))
  # Groups of one image: the objective does not depend on the number of ranks.
  train "$1" ranks mpirun --allow-run-as-root --oversubscribe -n 2 -- --threads 1 \
    --config configs/shapes/quick.toml data.root="$root/shapes" $(schedule 20 10) \
    eval.max_images=8 solver.images_per_group=1
  train "$1" r50 env -- --threads 2 --config configs/bench/r50_gn_256.toml data.root="$root/shapes" \
    data.train_annotations=annotations/instances_train.json data.train_images=train \
    data.val_annotations= $(schedule 4) solver.lr_schedule=steps
  train "$1" batch_norm env -- --threads 2 --config configs/shapes/quick.toml data.root="$root/shapes" \
    model.backbone.norm=BN model.backbone.fpn_norm=BN solver.accumulate=2 $(schedule 20 10) \
    eval.max_images=8 eval.loss=true
  [ -z "$boxes" ] || train "$1" boxes env -- --threads 2 --config configs/bccd/scratch.toml \
    data.root="$boxes" $(schedule 100 50 75) eval.max_images=20
}

# The tensors of a safetensors file, and its header without what it says of itself.
data_of() { tail -c +$((9 + $(od -An -tu8 -N8 "$1"))) "$1"; }
header_of() { tail -c +9 "$1" | head -c "$(od -An -tu8 -N8 "$1")" | sed -E 's/"__metadata__":\{([^"}]|"([^"\\]|\\.)*")*\},?//'; }
# Without what the clock and the allocator say.
metrics_of() { sed -E 's/"(data_time|time|eta_seconds|max_mem_mb)":[^,}]*,?//g' "$1"; }

build "${commits[0]}"
build "${commits[1]}"
[ -e "$root/shapes/annotations" ] ||
  "$root/${commits[0]}/build/bin/make_shapes" --out "$root/shapes" --images 400 --val 40 >/dev/null
runs "${commits[0]}"
runs "${commits[1]}"

different=0
compare() {
  if cmp -s "$2" "$3"; then echo "equal      $1"; else echo "DIFFERENT  $1"; different=1; fi
}
for old in "$root/${commits[0]}/$kind"/*; do
  name=$(basename "$old") new=$root/${commits[1]}/$kind/$(basename "$old")
  [ -e "$new/result.txt" ] || continue
  for file in model optimizer; do
    a=$old/checkpoints/last/$file.safetensors b=$new/checkpoints/last/$file.safetensors
    compare "$name: tensors of $file.safetensors" <(data_of "$a") <(data_of "$b")
    compare "$name: names of $file.safetensors" <(header_of "$a") <(header_of "$b")
  done
  compare "$name: metrics.jsonl" <(metrics_of "$old/metrics.jsonl") <(metrics_of "$new/metrics.jsonl")
  compare "$name: result.txt" "$old/result.txt" "$new/result.txt"
done
exit $different
