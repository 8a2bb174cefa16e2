#!/usr/bin/env bash
# ablate_data_size from the outside: the faults that a user makes give one sentence before anything is
# written; a study that is stopped at any moment, by any signal, ends with the report of one that was
# not.
#   ablate_data_size_test.sh SOURCE_DIR BIN_DIR
. "$1/tests/apps/study_fixture.sh"
small_study 304 solver.checkpoint_period=3 'arms = ["scratch=random", "pretrained=pretrain.toml"]' 'seeds = 2'

echo "-- configuration: nothing is written"
expect 2 "ablate_data_size: config: study.arms must be NAME=random, NAME=WEIGHTS or NAME=FILE.toml with a name of letters, digits and _, got \"scratch\"" \
  study --out study study.arms=scratch
expect 2 "ablate_data_size: config: study.arms must be two or more, got one: nothing to compare" \
  study --out study study.arms=scratch=random
expect 2 "ablate_data_size: config: study.sizes must be at most the 24 training images, got 25" \
  study --out study study.sizes=12,25
expect 2 "ablate_data_size: config: study.sizes must ascend, got 8 after 12" \
  study --out study study.sizes=12,8
expect 2 "ablate_data_size: config: study.schedules must leave room between the warm-up (solver.warmup_iters = 2) and the first drop, 1 iterations before the end; got a schedule of 3" \
  study --out study study.schedules=3,16
expect 2 "ablate_data_size: config: study.drops must descend and be shorter than the shortest schedule of 8 iterations, got *8, 2*" \
  study --out study study.drops=8,2
expect 2 "ablate_data_size: config: study.drops must descend and be shorter than the shortest schedule of 8 iterations, got *2, 2*" \
  study --out study study.drops=2,2
expect 2 "ablate_data_size: config: study.early_fraction must be at least 1 / study.evaluations = 0.2, or there is no AP so early; got 0.1" \
  study --out study study.early_fraction=0.1
expect 2 "ablate_data_size: config: detector.overrides must leave solver.max_iter to the study, which sets it for each run; got \"solver.max_iter=9\"" \
  study --out study detector.overrides=data.root=shapes,solver.max_iter=9
expect 2 "ablate_data_size: config: arms scratch and pretrained must differ in model.init alone, got solver.base_lr (0.02 and 0.01); study.allow_differences=true compares them all the same" \
  study --out study 'study.arm_overrides=pretrained:solver.base_lr=0.01'
expect 2 "ablate_data_size: config: none.toml: cannot be read, got 'No such file or directory'" \
  study --out study study.arms=scratch=random,other=none.toml
expect 3 "ablate_data_size: none.safetensors: cannot be read, got 'No such file or directory'" \
  study --out study study.arms=scratch=random,other=none.safetensors
sed 's/channels = \[8, /channels = [16, /' pretrain.toml >wide.toml
expect 2 "ablate_data_size: config: study.arms: wide.toml trains another trunk for arm pretrained than the detector has; model.backbone.channels is \[16, 16, 32, 64\] there and \[8, 16, 32, 64\] in the detector" \
  study --out study study.arms=scratch=random,pretrained=wide.toml
expect 2 "ablate_data_size: config: study.arm_overrides must leave seed to the study, got \"pretrained:seed=5\"; study.seed_offsets shifts seeds" \
  study --out study study.arm_overrides=pretrained:seed=5
expect 2 "ablate_data_size: config: model.weights must be empty in a study, where arms say how a run starts; got w.safetensors" \
  study --out study detector.overrides=data.root=shapes,solver.warmup_iters=2,model.weights=w.safetensors
expect 3 "ablate_data_size: shapes/annotations/instances_train.json: 2 images drawn by seed 1 must show every class, got none of *; take larger study.sizes or another study.first_seed" \
  study --out study study.sizes=2
cp shapes/train/000000000001.jpg shapes/val/000001000001.jpg.saved
mv shapes/val/000001000001.jpg kept.jpg && cp shapes/train/000000000001.jpg shapes/val/000001000001.jpg
expect 3 "ablate_data_size: shapes/val/000001000001.jpg: a validation image must not be a training image too, got the content of shapes/train/000000000001.jpg" \
  study --out study
mv kept.jpg shapes/val/000001000001.jpg
expect 2 "ablate_data_size: study: nothing to resume, there is no study here" study --out study --resume
expect 2 "ablate_data_size: study: nothing to report, there is no study here" \
  study --out study --report-only
absent study

cp -r shapes/classification one && rm -r one/train/[b-z]* one/val/[b-z]*
sed 's|shapes/classification|one|' pretrain.toml >one.toml
expect 3 "ablate_data_size: one/train: a classifier needs at least 2 classes, got only arrow" \
  study --out study study.arms=scratch=random,pretrained=one.toml
mkdir shapes/classification/train/nothing
expect 3 "ablate_data_size: shapes/classification/train/nothing: must hold .jpg, .jpeg or .png files, got none" \
  study --out study
rmdir shapes/classification/train/nothing
absent study

echo "-- what it will take, before anything is written"
expect 0 "" study --out study --dry-run
grep -q "^scratch-12-8-s1 .* 2 .* pending, after scratch-12-16-s1$" stdout || fail "no branch: $(cat stdout)"
grep -q "^17 runs, 144 iterations, " stdout || fail "no total: $(cat stdout)"
grep -q "^without branches: 192 iterations, " stdout || fail "no saving: $(cat stdout)"
absent study

echo "-- measured as runs are started: with the launcher, and with sentences of its own"
printf '#!/bin/sh\necho "$1" >>%s/launched.txt\nexec "$@"\n' "$work" >launcher && chmod +x launcher
expect 0 "" study --out study --dry-run study.launch=./launcher
[ "$(sort -u launched.txt)" = "$bin/train_coco" ] && [ "$(wc -l <launched.txt)" = 2 ] ||
  fail "the launcher was not there when a step was measured: $(cat launched.txt)"
expect 2 "ablate_data_size: calibration: no_such_launcher cannot be run" \
  study --out study --dry-run "study.launch=no_such_launcher -n 2"
expect 1 "ablate_data_size: calibration: ended with status 1" \
  study --out study --dry-run study.launch=false
TMPDIR=$work/nowhere expect 4 "ablate_data_size: $work/nowhere: must take a folder for the calibration, got 'No such file or directory'; TMPDIR names another place for temporary files" \
  study --out study --dry-run
# An image of a later step than the first, before which nothing is there to be resumed.
image=shapes/train/000000000001.jpg
cp $image kept.jpg && truncate -s -200 $image
expect 3 "ablate_data_size: calibration: $image: damaged *" study --out study --dry-run
! grep -q "resume" stderr || fail "offers to resume a calibration: $(cat stderr)"
mv kept.jpg $image
absent study

echo "-- a whole study, which the others are compared with"
expect 0 "" study --out whole --jobs 2
for word in '"verdict":"inconclusive"' '"validation_noise":\[' '"top1":' '"train_bbox":{"AP":'; do
  grep -q "$word" whole/report.json || fail "no $word in report.json"
done
version=$("$bin/train_coco" --version | head -n 1)
grep -qF "\"version\":\"$version\",\"trained_by\":[\"$version\"]" whole/report.json ||
  fail "the runs do not know who trained them: $(grep -o '"version".\{200\}' whole/report.json | head -n 1)"
grep -q "needs three seeds" stdout || fail "no reason: $(cat stdout)"
grep -q '"state":"finished"' whole/plan.json || fail "not finished: $(head -c 300 whole/plan.json)"
expect 2 "ablate_data_size: whole: holds another study; --resume continues it, another --out starts a new one" \
  study --out whole
expect 2 "ablate_data_size: whole/study.toml: a study that was begun must keep its configuration and its rules; study.margin_ap was 1.0, is 2.0" \
  study --out whole --resume study.margin_ap=2
expect 2 "ablate_data_size: whole/study.toml: a study that was begun must keep its configuration and its rules; detector.overrides was *; solver.base_lr was 0.02, is 0.03" \
  study --out whole --resume "detector.overrides=data.root=shapes,solver.warmup_iters=2,solver.checkpoint_period=3,solver.base_lr=0.03"
expect 2 "ablate_data_size: whole/study.toml: a study that was begun must keep its configuration and its rules; study.margin_ap was 1.0, is 2.0" \
  study --out whole --report-only study.margin_ap=2
sed -i.begun 's/max_iter = 6/max_iter = 7/' pretrain.toml
expect 2 "ablate_data_size: whole/study.toml: a study that was begun must keep its configuration and its rules; solver.max_iter was 6, is 7" \
  study --out whole --resume
mv pretrain.toml.begun pretrain.toml
sed -i.begun '0,/"area": /s//"area": 1/' shapes/annotations/instances_val.json
expect 3 "ablate_data_size: whole/inputs.toml: a study that was begun must keep its data and weights; validation was *, is *" \
  study --out whole --resume
mv shapes/annotations/instances_val.json.begun shapes/annotations/instances_val.json
cp whole/report.json before.json
expect 0 "" study --out whole --resume
timeless whole before.json >before && timeless whole >after && same before after

echo "-- tuned before the study: the better rate for each size, for all arms"
expect 0 "" study --out tuned study.seeds=1 study.schedules=8 'study.tune=solver.base_lr=0.01|0.03'
[ "$(grep -c '"[12][24]: solver.base_lr=' tuned/tuned.toml)" = 1 ] || fail "not tuned: $(cat tuned/tuned.toml)"
for arm in scratch pretrained; do
  chosen=$(grep -o '12: solver.base_lr=[0-9.e-]*' tuned/tuned.toml | cut -d= -f2)
  grep -q "^base_lr = $chosen$" tuned/runs/$arm-12-8-s1/config.toml ||
    fail "$arm did not get base_lr = $chosen"
done

echo "-- at a stated rate: hours of a device, and no data are needed"
expect 0 "" study --out study --dry-run study.images_per_second=0.001 \
  detector.overrides=data.root=none,solver.warmup_iters=2
grep -q "^17 runs, 144 iterations, [0-9]* device-hours, at 0.001 images a second, evaluations left out$" \
  stdout || fail "no hours: $(tail -2 stdout)"
absent study

echo "-- stopped at random moments, by every signal, the study or one of its runs"
RANDOM=1
for i in $(seq 12); do
  # Not the function: the signal is for the program, not for a shell around it.
  "$bin/ablate_data_size" --config study.toml --quiet --out stopped --jobs 2 \
    $([ -e stopped/study.toml ] && echo --resume) >/dev/null 2>stderr &
  pid=$!
  # Some before its first run, which a slow machine takes long to reach; the others after.
  [ "$i" -le 4 ] || wait_for [ -e stopped/study.toml ]
  sleep "$((RANDOM % 2)).$((RANDOM % 10))"
  case $((i % 4)) in
    0) kill -INT $pid ;;
    1) kill -TERM $pid ;;
    2) kill -KILL $pid ;;
    3) pkill -KILL -P $pid -f train_coco ;;
  esac 2>/dev/null
  wait $pid 2>/dev/null
  status=$?
  case $status in 0 | 1 | 130 | 137 | 143) ;; *) fail "round $i: exit status $status: $(cat stderr)" ;; esac
  [ $status = 0 ] && [ -e stopped/report.json ] && [ "$(grep -c '"state":"finished"' stopped/plan.json)" = 1 ] && break
done
wait_for study --out stopped --resume --jobs 2
timeless stopped >after && same before after

echo "-- single runs beside each other, as tasks of a scheduler: plan.json says what all of them do"
cp -r whole tasks && rm -r tasks/runs/*-s2 tasks/report.*
# states STATE ID...: what plan.json says of them.
states() {
  local wanted=$1 id
  shift
  for id in "$@"; do
    grep -q "{\"id\":\"$id\",\"state\":\"$wanted\"" tasks/plan.json ||
      fail "$id is not $wanted: $(grep -o "{\"id\":\"$id\",[^,]*" tasks/plan.json)"
  done
}
# tasks ID...: all at once.
tasks() {
  local id pids=()
  for id in "$@"; do
    study --out tasks --only "$id" >"$id.out" 2>&1 &
    pids+=($!)
  done
  for id in "${pids[@]}"; do wait "$id" || fail "a task ended with status $?: $(cat ./*.out)"; done
}
# At work in the directory of a run, as far as others can see: they hold its lock.
mkdir -p tasks/runs/scratch-12-16-s2 && touch tasks/runs/scratch-12-16-s2/.lock
exec {lock}<tasks/runs/scratch-12-16-s2/.lock && flock "$lock"
tasks scratch-24-16-s2 pretrained-12-16-s2 pretrained-24-16-s2
states finished scratch-24-16-s2 pretrained-12-16-s2 pretrained-24-16-s2
states running scratch-12-16-s2
states pending scratch-12-8-s2 scratch-24-8-s2 pretrained-12-8-s2
grep -q '^{"state":"running"' tasks/plan.json || fail "$(head -c 50 tasks/plan.json) while a run is at work"
exec {lock}<&- && rm -r tasks/runs/scratch-12-16-s2
tasks scratch-12-16-s2 scratch-24-8-s2 pretrained-12-8-s2 pretrained-24-8-s2
tasks scratch-12-8-s2
timeless_plan() { sed -E "s/tasks|whole/STUDY/g" "$1/plan.json"; }
timeless_plan whole >before_plan && timeless_plan tasks >after && same before_plan after
expect 0 "" study --out tasks --report-only
timeless tasks >after && same before after

echo "-- a run that fails: it is named, the others go on, its pair is missing"
expect 1 "warning: * of 17 runs are missing: *scratch-12-16-s1 (training diverged at iteration *" \
  study --out diverged study.allow_differences=true study.arm_overrides=scratch:solver.base_lr=1e30
grep -q '"state":"failed","reason":"training diverged at iteration' diverged/report.json ||
  fail "not named in report.json"
grep -q '"state":"finished with failed runs"' diverged/plan.json ||
  grep -q '"state":"unfinished"' diverged/plan.json || fail "state: $(head -c 100 diverged/plan.json)"

echo "-- a launcher that fails: no run has failed, and none is forgotten"
cp -r whole launched && rm -r launched/runs/*-s2
expect 2 "ablate_data_size: scratch-12-16-s2: no_such_launcher cannot be run" \
  study --out launched --resume "study.launch=no_such_launcher -n 2"
expect 1 "warning: 8 of 17 runs are missing: scratch-12-16-s2 (ended with status 1), scratch-12-8-s2 (pending)*" \
  study --out launched --resume study.launch=false
[ -z "$(find launched -name failure.txt)" ] || fail "a launcher's failure is the run's"

echo "-- a full disk: the study stops with the sentence of the run, and goes on later"
cp -r whole full && rm -r full/runs/*-s2 full/report.*
(ulimit -f 100 && study --out full --resume >stdout 2>stderr)
status=$?
[ $status = 4 ] || fail "full disk: exit status $status: $(cat stderr)"
[ "$(wc -l <stderr)" = 1 ] || fail "full disk: more than a line: $(cat stderr)"
expect 0 "" study --out full --resume
timeless full >after && same before after

finish "ablate_data_size: stopped or not, the same report"
