#!/usr/bin/env bash
# pretrain_imagenet from the outside: a trunk that train_coco takes, a run that can be stopped and
# continued, and a sentence and an exit status for every fault.
#   pretrain_imagenet_test.sh SOURCE_DIR BIN_DIR MPIRUN
mpirun=${3:-}
. "$1/tests/testing/program_test.sh"
config=$source_dir/tests/data_files/training/small_pretraining.toml
detector=$source_dir/tests/data_files/training/small_run.toml
export OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

pretrain() {
  "$bin/pretrain_imagenet" --config "$config" --threads 1 --quiet data.root=pictures data.val=val \
    solver.max_iter=12 log.period=2 "$@"
}
"$bin/make_shapes" --out shapes --images 4 --val 2 --size 64 --classification 304 --quiet \
  >/dev/null || exit 1
mkdir -p pictures/train pictures/val
for class in $(ls shapes/classification/train | head -12); do
  for split in train val; do cp -r shapes/classification/$split/$class pictures/$split; done
done

echo "-- configuration: nothing is written"
expect 2 "pretrain_imagenet: --out RUN is required" pretrain
expect 2 "pretrain_imagenet: *input.sise*input.size*" pretrain --out run input.sise=32
expect 2 "pretrain_imagenet: config: model.backbone.norm = \"FrozenBN\" has nothing to freeze *" \
  pretrain --out run model.backbone.norm=FrozenBN
expect 2 "pretrain_imagenet: run: nothing to resume, there is no run here" \
  pretrain --out run --resume
absent run

echo "-- data: nothing is written"
# broken COMMAND...: a copy of the pictures, in which the command runs.
broken() {
  rm -rf broken && cp -r pictures broken && (cd broken && "$@")
}
class=$(ls pictures/train | head -1)
broken rm -r train
expect 3 "pretrain_imagenet: broken/train: cannot be listed: No such file or directory" \
  pretrain --out run data.root=broken
broken rm -r val
expect 3 "pretrain_imagenet: broken/val: cannot be listed: No such file or directory" \
  pretrain --out run data.root=broken
broken mkdir train/nothing
expect 3 "pretrain_imagenet: broken/train/nothing: must hold .jpg, .jpeg or .png files, got none" \
  pretrain --out run data.root=broken
broken bash -c "rm -r val; mv train all; mkdir train; mv all/$class train"
expect 3 "pretrain_imagenet: broken/train: a classifier needs at least 2 classes, got only $class" \
  pretrain --out run data.root=broken data.val=
broken bash -c "mkdir val/stranger; cp train/$class/* val/stranger"
expect 3 "pretrain_imagenet: broken/val: class stranger is not among the * classes of training" \
  pretrain --out run data.root=broken
broken bash -c 'for image in train/*/*.jpg; do head -c 300 $image >cut; mv cut $image; done'
expect 3 "pretrain_imagenet: broken/train/*/*.jpg: *" pretrain --out run data.root=broken
absent run

echo "-- a whole run, its result, and a detector that starts from it"
expect 0 "" pretrain --out whole --json result.json
model=whole/checkpoints/last/model.safetensors
grep -qE "^top-1 [0-9.]+ %, top-5 [0-9.]+ % of [0-9]+ images$" stdout || fail "no top-1 on stdout"
grep -qx "model: $model" stdout || fail "no model on stdout"
grep -qx "run directory: whole" stdout || fail "no path on stdout"
for key in '"iteration":12' '"images_seen":192' "\"pixels_seen\":$((192 * 64 * 64))" '"top1":' '"top5":'; do
  grep -q "$key" whole/metrics.jsonl || fail "metrics.jsonl has no $key"
done
grep -q "^{\"run\":\"whole\",\"model\":\"$model\",\"training\":{\"iteration\":12,.*},\"evaluation\":{\"iteration\":12,\"top1\":.*}}$" \
  result.json || fail "--json: '$(cat result.json)'"
cp stdout first
expect 0 "" pretrain --out whole --resume
same first stdout
expect 0 "" pretrain --out whole --resume --json -
same stdout result.json
expect 2 "pretrain_imagenet: whole: holds another run; *" pretrain --out whole
start_detector() {
  "$bin/train_coco" --config "$detector" --threads 1 --quiet data.root=shapes solver.max_iter=1 \
    solver.steps=1 model.init="$model" model.pixel.std=1,1,1 --out "$@"
}
expect 0 "" start_detector detector
grep -qE "backbone: [0-9]+ tensors from $model$" detector/log.txt ||
  fail "no trunk taken: $(cat detector/log.txt)"
expect 2 "train_coco: config: model.pixel.std must be [[]1.0, 1.0, 1.0[]], with which $model was trained, got [[]2.0, 2.0, 2.0[]]" \
  start_detector run model.pixel.std=2,2,2
expect 2 "train_coco: config: $model was trained with group norm, which model.backbone.norm = \"BN\" cannot take; set GN" \
  start_detector run model.backbone.norm=BN
absent run

echo "-- SIGTERM: a checkpoint, from which the same bytes are reached"
long=(solver.max_iter=200 solver.steps=150)
# Not through a function: the signal is for the program.
"$bin/pretrain_imagenet" --config "$config" --threads 1 --quiet --out term data.root=pictures \
  data.val=val log.period=2 "${long[@]}" 2>stderr >/dev/null &
pid=$!
wait_for test -s term/metrics.jsonl
kill -TERM $pid
wait $pid
status=$?
[ $status = 143 ] || fail "SIGTERM: exit status $status, not 143: $(cat stderr)"
[ -s term/checkpoints/last/state.json ] || fail "SIGTERM: no checkpoint"
[ ! -e term/result.txt ] || fail "SIGTERM: the run looks finished"
expect 0 "" pretrain --out term --resume "${long[@]}"
cp -rL term/checkpoints/last resumed
rm -r term
expect 0 "" pretrain --out term "${long[@]}"
same resumed/model.safetensors term/checkpoints/last/model.safetensors
same resumed/optimizer.safetensors term/checkpoints/last/optimizer.safetensors

echo "-- an image that cannot be decoded: a checkpoint and its name, or another in its place"
broken true
image=$(ls broken/train/"$class"/*.jpg | head -1)
head -c 300 "$image" >cut && cp cut "$image"
pretrain --out bad data.root=broken 2>stderr >/dev/null
status=$?
[ $status = 3 ] && [[ $(cat stderr) == "pretrain_imagenet: $image: "* ]] ||
  fail "bad image: exit status $status, '$(cat stderr)'"
expect 0 "warning: $image: *; another image takes its place" \
  pretrain --out skipped data.root=broken data.on_bad_image=skip
broken true
image=$(ls broken/val/"$class"/*.jpg | head -1)
cp cut "$image"
expect 3 "pretrain_imagenet: $image: *" pretrain --out blind data.root=broken
[ -s blind/checkpoints/last/model.safetensors ] || fail "bad validation image: nothing was saved"
expect 0 "warning: $image: *; it is left out of the accuracy" \
  pretrain --out lenient data.root=broken data.on_bad_image=skip
all=$(sed -n 's/.* of \([0-9]*\) images$/\1/p' first)
grep -q " of $((all - 1)) images$" stdout || fail "bad validation image: '$(cat stdout)', not $all - 1"
cp "pictures/${image#broken/}" "$image"
expect 0 "" pretrain --out blind data.root=broken --resume
same blind/checkpoints/last/model.safetensors $model

if [ -n "$mpirun" ]; then
  echo "-- two ranks: told once"
  ranks() {
    "$mpirun" --oversubscribe -n 2 "$bin/pretrain_imagenet" --config "$config" --quiet \
      data.root=pictures data.val=val solver.max_iter=12 "$@" 2>words
    local status=$?
    grep -E '^(pretrain_imagenet|dist|warning):' words >&2
    return $status
  }
  expect 0 "" ranks --out ranks
  [ "$(grep -c '^run directory: ranks$' stdout)" = 1 ] || fail "the result was not printed once"
  expect 3 "pretrain_imagenet: none/train: cannot be listed: No such file or directory" \
    ranks --out run data.root=none
  absent run
fi

finish "pretrain_imagenet: every fault was met politely"
