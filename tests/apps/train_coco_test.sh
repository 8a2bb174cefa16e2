#!/usr/bin/env bash
# train_coco from the outside: every fault gives one sentence on one line and the right exit status,
# and leaves nothing half-written; what was learned can be continued.
#   train_coco_test.sh SOURCE_DIR BIN_DIR
. "$1/tests/testing/program_test.sh"
config=$source_dir/tests/data_files/training/small_run.toml

train() { "$bin/train_coco" --config "$config" --threads 1 --quiet data.root=shapes "$@"; }
no_leftovers() { # no unfinished checkpoint or file
  [ -z "$(find "$1" -name '.*' ! -path "$1")" ] || fail "left in $1: $(find "$1" -name '.*' | xargs)"
}
"$bin/make_shapes" --out shapes --images 12 --val 4 --size 64 --classification 0 --quiet >/dev/null ||
  exit 1

echo "-- configuration: nothing is written"
expect 2 "train_coco: --out RUN is required" train
expect 2 "train_coco: *solver.base_lrr*solver.base_lr*" train --out run solver.base_lrr=1
expect 2 "train_coco: *solver.max_iter*must be an integer*" train --out run solver.max_iter=abc
expect 2 "train_coco: config: solver.base_lr must *, got -0.1" train --out run solver.base_lr=-0.1
expect 2 "train_coco: *model.norm*" train --out run model.norm=GN
expect 2 "train_coco: config: solver.accumulate must divide solver.images_per_batch = 4, got 3" \
  train --out run solver.accumulate=3
expect 2 "train_coco: config: solver.images_per_group must divide the 1 images of a micro-batch, got 2" \
  train --out run solver.accumulate=4
expect 2 "train_coco: config: none.toml: cannot be read, got 'No such file or directory'" \
  "$bin/train_coco" --config none.toml --out run
expect 2 "train_coco: run: nothing to resume, there is no run here" train --out run --resume
absent run

echo "-- data and weights: nothing is written"
expect 3 "train_coco: shapes/none.json: cannot be opened: No such file or directory" \
  train --out run data.train_annotations=none.json
expect 3 "train_coco: shapes/none/*.jpg: image * of shapes/annotations/instances_train.json must exist; 12 of 12 image files are missing" \
  train --out run data.train_images=none
expect 3 "train_coco: shapes/none/*.jpg: image * of shapes/annotations/instances_val.json must exist; 4 of 4 image files are missing" \
  train --out run data.val_images=none
expect 3 "train_coco: none.safetensors: cannot be read, got 'No such file or directory'" \
  train --out run model.weights=none.safetensors
absent run

echo "-- a whole run, which the others are compared with"
expect 0 "" train --out whole
grep -q "Average Precision  (AP) @\[ IoU=0.50:0.95 | area=   all | maxDets=100 \]" stdout ||
  fail "no AP on stdout"
grep -q "^run directory: whole$" stdout || fail "no path on stdout"
grep Average stdout >trained
"$bin/evaluate_coco" --run whole 2>/dev/null | grep Average >evaluated
same trained evaluated
no_leftovers whole
cp -r whole before
expect 2 "train_coco: whole: holds another run; --resume continues it, another --out starts a new one" \
  train --out whole
mkdir other && touch other/file
expect 2 "train_coco: other: exists and is not an empty directory; choose another --out" train --out other
expect 2 "train_coco: other/file: exists and is not an empty directory; choose another --out" \
  train --out other/file
expect 2 "train_coco: whole/config.toml: a resumed run must keep its configuration; solver.base_lr was 0.02, is 0.03" \
  train --out whole --resume solver.base_lr=0.03
expect 0 "" train --out whole --resume
grep -q "^run directory: whole$" stdout || fail "a finished run did not print its result"
diff -r before whole >/dev/null || fail "a refused or finished run was changed: $(diff -rq before whole)"
expect 3 "train_coco: whole/checkpoints/last/model.safetensors: weights do not fit this model: *fpn*expected*got*" \
  train --out run model.weights=whole/checkpoints/last/model.safetensors model.backbone.fpn_channels=16
expect 3 "train_coco: whole/config.toml: *" train --out run model.init=whole/config.toml
absent run

echo "-- in use"
"$bin/train_coco" --config "$config" --threads 1 --quiet --out busy data.root=shapes \
  solver.max_iter=100000 solver.steps=90000 2>/dev/null >/dev/null &
pid=$!
wait_for test -s busy/metrics.jsonl
expect 2 "train_coco: busy: in use by process $pid, wait for it or choose another directory" \
  train --out busy --resume solver.max_iter=100000 solver.steps=90000

echo "-- SIGTERM: a checkpoint"
kill -TERM $pid
wait $pid
status=$?
[ $status = 143 ] || fail "SIGTERM: exit status $status, not 143"
[ -s busy/checkpoints/last/state.json ] || fail "SIGTERM: no checkpoint"
[ -e busy/result.txt ] && fail "SIGTERM: the run looks finished"
no_leftovers busy


echo "-- a bad image in the middle: a checkpoint, and both ways on lead to the end"
cp -r shapes broken
# An image of the second batch or later: the first batch is loaded before anything is written.
first=$(grep -o '"images_seen":[0-9]*' whole/metrics.jsonl | head -1)
[ -n "$first" ] || fail "no images_seen"
stopped=
for image in broken/train/*.jpg; do
  cp "$image" sound.jpg
  head -c 300 sound.jpg >"$image"
  rm -rf bad
  train --out bad data.root=broken 2>stderr >/dev/null
  status=$?
  [ $status = 3 ] || fail "bad image: exit status $status, not 3"
  if [ -e bad ]; then
    stopped=$image
    break
  fi
  cp sound.jpg "$image"
done
if [ -n "$stopped" ]; then
  [[ $(cat stderr) == "train_coco: $stopped: "*"; stopped after iteration "?" with a checkpoint, --resume continues" ]] ||
    fail "bad image: '$(cat stderr)'"
  no_leftovers bad
  cp -r bad bad2
  expect 3 "train_coco: $stopped: *" train --out bad --resume data.root=broken
  expect 0 "warning: $stopped: *; another image takes its place" \
    train --out bad2 --resume data.root=broken data.on_bad_image=skip
  cp sound.jpg "$stopped"
  expect 0 "" train --out bad --resume data.root=broken
  same bad/checkpoints/last/model.safetensors whole/checkpoints/last/model.safetensors
  same bad/checkpoints/last/optimizer.safetensors whole/checkpoints/last/optimizer.safetensors
  rm "$stopped"
  expect 3 "train_coco: $stopped: image * of broken/annotations/instances_train.json must exist; 1 of 12 image files are missing" \
    train --out run data.root=broken
  absent run
else
  fail "bad image: none stopped a run after its first batch"
fi

echo "-- a bad validation image: found before the first step, or left out of every evaluation"
cp -r shapes unseen
image=$(find unseen/val -name '*.jpg' | sort | sed -n 2p)
truncate -s -4 "$image"
expect 3 "train_coco: $image: damaged or unsupported JPEG: *; 1 of 4 images cannot be used" \
  train --out run data.root=unseen
absent run
train --out skipped data.root=unseen data.on_bad_image=skip >stdout 2>stderr ||
  fail "bad validation image: $(cat stderr)"
[[ $(head -1 stderr) == "warning: $image: damaged or unsupported JPEG: "* ]] &&
  [ "$(tail -n +2 stderr)" = "warning: unseen/annotations/instances_val.json: 1 of 4 images cannot be used; they are left out of the AP" ] ||
  fail "bad validation image: '$(cat stderr)'"
grep Average stdout >trained
"$bin/evaluate_coco" --run skipped 2>stderr | grep Average >evaluated
same trained evaluated
grep -q "^warning: $image: " stderr || fail "evaluate_coco does not name the image: '$(cat stderr)'"
expect 3 "evaluate_coco: $image: damaged or unsupported JPEG: *; 1 of 4 images cannot be used" \
  "$bin/evaluate_coco" --run skipped --on-bad-image stop

echo "-- images of another kind or size: found before the first step"
printf 'RIFF1234WEBPVP8 ' >"$image"
expect 3 "train_coco: $image: is a WebP file; convert it to PNG or JPEG; 1 of 4 images cannot be used" \
  train --out run data.root=unseen
cp shapes/val/"$(basename "$image")" "$image"
image=$(find unseen/train -name '*.jpg' | sort | sed -n 3p)
cp "$source_dir/tests/data_files/image/orientation_6.jpg" "$image"
expect 3 "train_coco: $image: image *: width and height must be those of the decoded file, got * x * for a file of 13 x 18 (stored as 18 x 13, which EXIF orientation 6 turns); 1 of 12 images cannot be used" \
  train --out run data.root=unseen
absent run

echo "-- diverging: no update from there on, the last checkpoint is sound"
expect 1 "train_coco: training diverged at iteration *: * is *, images *; no update was made from there on" \
  train --out wild solver.base_lr=1e6 solver.warmup_iters=0 solver.checkpoint_period=1
no_leftovers wild

echo "-- truncated checkpoints"
expect 0 "" train --out cut solver.max_iter=8 solver.checkpoint_period=4 data.val_annotations=
newest=cut/checkpoints/iter_0000008
truncate -s -1 $newest/model.safetensors
rm cut/result.txt
expect 0 "warning: $newest/model.safetensors: file must have * bytes, got *; renamed to unreadable_iter_0000008, continuing from the older checkpoint iter_0000004" \
  train --out cut --resume solver.max_iter=8 solver.checkpoint_period=4 data.val_annotations=
[ -s cut/checkpoints/last/model.safetensors ] || fail "truncated: last does not lead on"
rm -r cut/checkpoints/iter_0000004
truncate -s 100 $newest/model.safetensors
rm cut/result.txt
expect 3 "train_coco: $newest/model.safetensors: file must have * bytes, got 100" \
  train --out cut --resume solver.max_iter=8 solver.checkpoint_period=4 data.val_annotations=

echo "-- disk full: training goes on, the last checkpoint must be written"
full() { # a limit on file sizes fails like a full disk, in KiB
  (ulimit -f 200 && train "$@")
}
full --out full solver.checkpoint_period=4 data.val_annotations= >stdout 2>stderr
status=$?
[ $status = 4 ] || fail "disk full: exit status $status, not 4"
[ "$(grep -c '^warning: checkpoint not written: full/checkpoints/' stderr)" = 2 ] ||
  fail "disk full: wanted two warnings, got $(cat stderr)"
[[ $(tail -1 stderr) == "train_coco: full/checkpoints/"*": "* ]] || fail "disk full: $(cat stderr)"
[ "$(wc -l <stderr)" = 3 ] || fail "disk full: more than a line each: $(cat stderr)"
no_leftovers full
[ -z "$(ls full/checkpoints)" ] || fail "disk full: left $(ls full/checkpoints)"
tiny() { # not even a byte; stderr goes through a pipe, to which the limit does not apply
  (ulimit -f 0 && train "$@" 2>&1 >/dev/null) | cat >&2
  return "${PIPESTATUS[0]}"
}
expect 4 "train_coco: tiny/*" tiny --out tiny
absent tiny
expect 0 "" train --out full --resume solver.checkpoint_period=4 data.val_annotations=
[ -s full/checkpoints/last/state.json ] || fail "disk full: no checkpoint after --resume"

echo "-- read-only, as a user whom permissions bind"
chmod 755 "$work"
as_user() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
  else
    "$@"
  fi
}
if as_user test -r "$config" -a -x "$bin/train_coco"; then
  mkdir closed && chmod 555 closed
  user_train() {
    as_user "$bin/train_coco" --config "$config" --threads 1 --quiet data.root=shapes \
      data.val_annotations= "$@"
  }
  expect 4 "train_coco: closed/run: cannot be written, got 'Permission denied'" \
    user_train --out closed/run
  mkdir secret && chmod 000 secret
  expect 4 "train_coco: secret/*: *, got 'Permission denied'" user_train --out secret/run
  expect 0 "" train --out locked solver.max_iter=9 data.val_annotations=
  cp -r locked before_locked
  chmod 555 locked/checkpoints
  [ "$(id -u)" != 0 ] || chown -R 65534 locked
  expect 4 "train_coco: locked/checkpoints/.iter_0000012.*: cannot be written, got 'Permission denied'" \
    user_train --out locked --resume
  diff -r before_locked/checkpoints locked/checkpoints || fail "read-only: checkpoints changed"
  no_leftovers locked
else
  echo "   skipped: another user may not read the source tree"
fi

finish "train_coco: every fault was met politely"
