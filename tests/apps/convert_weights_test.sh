#!/usr/bin/env bash
# convert_weights from the outside: there and back, a run and a study that start from foreign files,
# and a sentence and an exit status for every fault.
#   convert_weights_test.sh SOURCE_DIR BIN_DIR
. "$1/tests/apps/study_fixture.sh"
foreign=$source_dir/tests/data_files/foreign
# Pixels as torchvision has them, so that folding them changes no bit.
pixels=(model.pixel.channel_order=RGB model.pixel.mean=123.675,116.28,103.53 model.pixel.std=58.395,57.12,57.375)
convert() { "$bin/convert_weights" "$@"; }

small_study 304 "model.pixel.channel_order=RGB" \
  'arms = ["scratch=random", "foreign=trunk.pth"]' 'seeds = 1' 'evaluations = 5' \
  'schedules = [10]' 'sizes = [0]'
sed -i -e '/^sizes = \[12, 0\]/d' -e '/^schedules = \[8, 16\]/d' \
  -e 's/"model.pixel.channel_order=RGB"/"model.pixel.channel_order=RGB", "model.pixel.mean=[123.675, 116.28, 103.53]", "model.pixel.std=[58.395, 57.12, 57.375]"/' study.toml
"$bin/pretrain_imagenet" --config pretrain.toml --out pretrained --threads 1 --quiet \
  data.root=shapes/classification solver.max_iter=2 "${pixels[@]}" >/dev/null || exit 1
ours=pretrained/checkpoints/last/model.safetensors

echo "-- a backbone: in torchvision's names, and back"
for file in trunk.pth trunk.safetensors; do
  convert --weights $ours --to torchvision --out $file --quiet >stdout || fail "--to torchvision: $file"
  grep -qx "$file: [0-9]* tensors in torchvision's names" stdout || fail "not told: $(cat stdout)"
done
convert --weights trunk.pth --list >list || fail "--list failed"
grep -qE "^trunk.pth: a PyTorch archive, [0-9]+ tensors$" list || fail "no format in $(head -2 list)"
grep -qE "^conv1.weight +f32 \[[0-9, ]+\] +-> backbone.bottom_up.stem.conv1.weight$" list ||
  fail "conv1 is not shown: $(head -5 list)"
train() {
  "$bin/train_coco" --config detector.toml --out "$1" --threads 1 --quiet data.root=shapes \
    solver.max_iter=2 solver.warmup_iters=1 solver.steps= "${pixels[@]}" "${@:2}" >stdout 2>stderr ||
    fail "$*: $(cat stderr)"
}
train from_ours model.init=$ours
for file in trunk.pth trunk.safetensors; do
  train from_$file model.init=$file
  same from_ours/checkpoints/last/model.safetensors from_$file/checkpoints/last/model.safetensors
done
train from_nothing
cmp -s {from_ours,from_nothing}/checkpoints/last/model.safetensors && fail "model.init changes nothing"

echo "-- a detector: in detectron2's names, which are ours, and back"
detector=from_ours/checkpoints/last/model.safetensors
convert --weights $detector --to detectron2 --out detector.pth --quiet >/dev/null || fail "--to detectron2"
train from_whole model.weights=$detector
train from_pth model.weights=detector.pth
cmp -s {from_whole,from_pth}/checkpoints/last/model.safetensors ||
  fail "model.weights from detector.pth differs"

echo "-- a study with an arm that is a foreign file"
study --out foreign_study >stdout 2>stderr || fail "study: $(cat stderr)"
grep -q '"foreign"' foreign_study/report.json || fail "no arm in the report"

echo "-- faults: one sentence, and nothing is written"
expect 2 "convert_weights: --weights FILE is required" convert
expect 2 "convert_weights: --out: names the file to write, or give --list" convert --weights trunk.pth
expect 2 "convert_weights: --to: must be torchvision or detectron2, got caffe" \
  convert --weights $ours --to caffe --out out.pth
expect 2 "convert_weights: --from detectron2: trunk.pth has the names of torchvision" \
  convert --weights trunk.pth --from detectron2 --out out.safetensors
expect 3 "convert_weights: nowhere.pth: *" convert --weights nowhere.pth --out out.safetensors
expect 3 "convert_weights: study.toml: is no file of weights: *" \
  convert --weights study.toml --out out.safetensors
expect 3 "convert_weights: $foreign/archive_old.pth: its names must be those of *" \
  convert --weights "$foreign/archive_old.pth" --out out.safetensors
head -c 3000 trunk.pth >cut.pth
expect 3 "convert_weights: cut.pth: is no intact ZIP archive: *" \
  convert --weights cut.pth --out out.safetensors
expect 3 "convert_weights: trunk.pth: has no dict ema with tensors, but its outermost dict (*" \
  convert --weights trunk.pth --group ema --out out.safetensors
expect 3 "convert_weights: trunk.safetensors: has no \"config\" in its metadata; *" \
  convert --weights trunk.safetensors --to detectron2 --out out.pth
printf '\x80\x02cos\nsystem\nX\x02\0\0\0id\x85R.' >attack.pkl
expect 3 "convert_weights: attack.pkl: os.system is not among the types that a file of weights needs, *" \
  convert --weights attack.pkl --out out.safetensors
absent out.safetensors
absent out.pth
finish "convert_weights: foreign weights come and go, and hostile ones are refused"
