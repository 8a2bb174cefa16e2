#!/usr/bin/env bash
# train_coco under mpirun from the outside: what all ranks find is told once, a rank that dies or
# hangs takes the job down in time and is named, what was learned can be continued.
#   train_coco_ranks_test.sh SOURCE_DIR BIN_DIR MPIRUN
mpirun=$3
. "$1/tests/testing/program_test.sh"
config=$source_dir/tests/data_files/training/small_run.toml
export OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# ranks N ARGUMENTS...: of train_coco. mpirun's own words on a failed job are dropped.
ranks() {
  local count=$1 words status
  shift
  words=$(mktemp words.XXXXXX)
  "$mpirun" --oversubscribe -n "$count" "$bin/train_coco" --config "$config" --quiet data.root=shapes \
    "$@" 2>"$words"
  status=$?
  grep -E '^(train_coco|dist|warning):' "$words" >&2
  return $status
}
seconds() { date +%s.%N; }
# within SECONDS SINCE WHAT
within() {
  awk -v limit="$1" -v since="$2" -v now="$(seconds)" 'BEGIN { exit !(now - since <= limit) }' ||
    fail "$3 took more than $1 s"
}
# start OUT ARGUMENTS...: two ranks without end in the background, until they have made a few steps;
# their process ids in rank_pids, in the order of ranks.
start() {
  local out=$1 rank process words
  shift
  ranks 2 --out "$out" solver.max_iter=100000 solver.steps=90000 log.period=1 data.val_annotations= \
    "$@" >stdout 2>stderr &
  job=$!
  wait_for test -s "$out/metrics.jsonl"
  rank_pids=()
  for process in /proc/[0-9]*; do
    words=$(tr '\0' ' ' <"$process/cmdline") || continue
    [[ $words == "$bin/train_coco "*" --out $out "* ]] || continue
    rank=$(tr '\0' '\n' <"$process/environ" | sed -n 's/^OMPI_COMM_WORLD_RANK=//p')
    rank_pids[rank]=${process#/proc/}
  done 2>/dev/null
  [ ${#rank_pids[@]} = 2 ] || fail "found ranks ${rank_pids[*]}"
}
gone() { ! kill -0 "$@"; }
none_left() { for pid in "${rank_pids[@]}"; do wait_for gone "$pid"; done; }

"$bin/make_shapes" --out shapes --images 12 --val 4 --size 64 --classification 0 --quiet >/dev/null ||
  exit 1

echo "-- configuration and data: told once, nothing is written"
expect 2 "train_coco: config: solver.images_per_batch / solver.accumulate = 4 must be a multiple of the ranks, got 3" \
  ranks 3 --out run
expect 2 "train_coco: config: solver.cuda_graph = true needs a run of one rank, got 2; set it to false" \
  ranks 2 --out run solver.cuda_graph=true
expect 2 "train_coco: *solver.base_lrr*solver.base_lr*" ranks 2 --out run solver.base_lrr=1
expect 3 "train_coco: shapes/none.json: cannot be opened: No such file or directory" \
  ranks 2 --out run data.train_annotations=none.json
absent run

echo "-- a whole run"
expect 0 "" ranks 2 --out whole
[ "$(grep -c "^run directory: whole$" stdout)" = 1 ] || fail "the result was not printed once"
grep Average stdout >trained
"$bin/evaluate_coco" --run whole 2>/dev/null | grep Average >evaluated
same trained evaluated
expect 2 "train_coco: whole: holds another run; --resume continues it, another --out starts a new one" \
  ranks 2 --out whole

echo "-- a bad image on one rank: a checkpoint, and the file is named once"
cp -r shapes broken
for image in broken/train/*.jpg; do
  cp "$image" sound.jpg
  head -c 300 sound.jpg >"$image"
  rm -rf bad
  ranks 2 --out bad data.root=broken >/dev/null 2>stderr
  status=$?
  [ $status = 3 ] || fail "bad image: exit status $status, not 3"
  [ "$(wc -l <stderr)" = 1 ] || fail "bad image: '$(cat stderr)'"
  cp sound.jpg "$image"
  [ -e bad ] || continue
  [[ $(cat stderr) == "train_coco: $image: "*"; stopped after iteration "*" with a checkpoint, --resume continues" ]] ||
    fail "bad image: '$(cat stderr)'"
  [ -s bad/checkpoints/last/state.json ] || fail "bad image: no checkpoint"
  break
done
[ -e bad ] || fail "bad image: none stopped a run after its first batch"

echo "-- SIGTERM to one rank: both save after the same step, one rank goes on"
start term
kill -TERM "${rank_pids[1]}"
wait $job
status=$?
[ $status = 143 ] || fail "SIGTERM: exit status $status, not 143"
none_left
[ -s term/checkpoints/last/state.json ] || fail "SIGTERM: no checkpoint"
steps=$(wc -l <term/metrics.jsonl)
"$bin/train_coco" --config "$config" --threads 1 --quiet data.root=shapes --out term --resume \
  solver.max_iter=100000 solver.steps=90000 log.period=1 data.val_annotations= 2>stderr >/dev/null &
job=$!
more_lines() { [ "$(wc -l <term/metrics.jsonl)" -gt "$((steps + 1))" ]; }
wait_for more_lines
kill -TERM $job
wait $job
status=$?
[ $status = 143 ] && [ ! -s stderr ] || fail "one rank goes on: exit status $status, '$(cat stderr)'"
grep -o '"iteration":[0-9]*' term/metrics.jsonl | cut -d: -f2 >iterations
seq "$(wc -l <iterations)" >expected
same iterations expected

echo "-- SIGKILL of a rank: the job is over within 5 s"
start killed
since=$(seconds)
kill -KILL "${rank_pids[1]}"
wait $job
status=$?
within 5 "$since" "the end of a job with a killed rank"
[ $status = 137 ] || [ $status = 5 ] || fail "SIGKILL: exit status $status"
none_left

echo "-- SIGSTOP of a rank: named within the timeout"
start stopped dist.timeout_seconds=4
since=$(seconds)
kill -STOP "${rank_pids[1]}"
wait $job
status=$?
within 9 "$since" "the end of a job with a stopped rank" # 4 s, and the launcher's 5 to kill it
[ $status = 5 ] || fail "SIGSTOP: exit status $status, not 5"
grep -qx "dist: every rank must arrive within dist.timeout_seconds = 4, rank 1 is stopped" stderr ||
  fail "SIGSTOP: '$(cat stderr)'"
none_left

finish "train_coco: ranks were met politely"
