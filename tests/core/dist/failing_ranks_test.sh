#!/usr/bin/env bash
# Ranks that fail leave with their status, and do not wait for a sum that can never end.
#   failing_ranks_test.sh PROGRAM MPIRUN
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
start=$SECONDS
output=$("$2" --oversubscribe -n 2 "$1" 2>&1)
status=$?
seconds=$((SECONDS - start))
fail() {
  echo "failing ranks: $1: '$output'"
  exit 1
}
[ $status = 4 ] || fail "exit status $status, not 4"
[ $seconds -lt 15 ] || fail "$seconds s, where the watchdog would come after 30"
for rank in 0 1; do [[ $output == *"failing_ranks: rank $rank failed"* ]] || fail "rank $rank said nothing"; done
echo "failing ranks: gone after $seconds s"
