#!/usr/bin/env bash
# A branch of a longer run is the shorter run trained alone, byte for byte, and says so when it cannot
# be one.
#   branches_test.sh SOURCE_DIR BIN_DIR
. "$1/tests/testing/program_test.sh"
config=$source_dir/tests/data_files/training/small_run.toml

train() {
  "$bin/train_coco" --config "$config" --threads 1 --quiet data.root=shapes eval.period=4 \
    eval.train_images=4 "$@"
}
long() { train solver.max_iter=20 solver.steps=16 checkpoint.keep=1 checkpoint.at=6,8 "$@"; }
short() { train solver.max_iter=12 solver.steps=8 "$@"; }
# same_run A B: but for the times.
same_run() {
  same "$1/result.txt" "$2/result.txt"
  for file in model.safetensors optimizer.safetensors state.json; do
    same "$1/checkpoints/last/$file" "$2/checkpoints/last/$file"
  done
  for run in "$1" "$2"; do
    sed -E 's/"(data_time|time|eta_seconds|max_mem_mb)": *[^,}]*,?//g' "$run/metrics.jsonl" >"$run.metrics"
  done
  same "$1.metrics" "$2.metrics"
  diff -r "$1/eval" "$2/eval" >/dev/null || fail "evaluations of $1 and $2 differ"
}
"$bin/make_shapes" --out shapes --images 12 --val 4 --size 64 --classification 0 --quiet >/dev/null ||
  exit 1

echo "-- the schedule alone, and as a branch of a finished run"
expect 0 "" short --out alone
expect 0 "" long --out long
[ "$(ls long/checkpoints | grep -c 'iter_000000[68]')" = 2 ] || fail "not kept: $(ls long/checkpoints)"
[ "$(grep -c train_segm/AP75 long/metrics.jsonl)" = 5 ] || fail "the training AP was not measured"
expect 0 "" short --out branch --branch-of long
same_run alone branch
grep -q "branched off long at iteration 8" branch/log.txt || fail "not a branch: $(cat branch/log.txt)"

echo "-- a branch that was stopped before, and after, it had a checkpoint"
cp -r branch begun && rm -r begun/checkpoints/* begun/eval begun/metrics.jsonl begun/result.txt
expect 0 "" short --out begun --resume --branch-of long
same_run alone begun
cp -r branch stopped && rm -r stopped/checkpoints/iter_0000012 stopped/result.txt
expect 0 "" short --out stopped --resume --branch-of gone
same_run alone stopped

echo "-- the older of two checkpoints in common, where the newer is too late"
expect 0 "" short --out early --branch-of long solver.steps=7,9
grep -q "branched off long at iteration 6" early/log.txt || fail "not at 6: $(cat early/log.txt)"

echo "-- what is no branch: nothing is written"
expect 2 "train_coco: gone: nothing to branch from, there is no run here" \
  short --out other --branch-of gone
expect 2 "train_coco: long/config.toml: a branch may change the schedule alone; seed was 3, is 4" \
  short --out other --branch-of long seed=4
expect 2 "train_coco: long: a branch needs a checkpoint among the first 4 iterations, which are those in common, and there is none; checkpoint.at = 4 keeps one" \
  short --out other --branch-of long solver.steps=4
absent other

finish "branches: equal to their schedules trained alone"
