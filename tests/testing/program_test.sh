# What the tests of programs share; to be sourced by bash with SOURCE_DIR BIN_DIR. They run in an
# empty directory that is removed afterwards.
set -uo pipefail
source_dir=$(realpath "$1") bin=$(realpath "$2")
work=$(mktemp -d)
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

fail() {
  echo "FAILED: $1"
  failures=$((failures + 1))
}
# expect STATUS PATTERN COMMAND...: the exit status, and all of stderr, which must be one line.
expect() {
  local status=$1 pattern=$2 got
  shift 2
  "$@" >stdout 2>stderr
  got=$?
  [ "$got" = "$status" ] || fail "$*: exit status $got, not $status: $(cat stderr)"
  # shellcheck disable=SC2053  # a glob pattern, on purpose
  [[ $(cat stderr) == $pattern ]] || fail "$*: wanted '$pattern', got '$(cat stderr)'"
  [ "$(wc -l <stderr)" -le 1 ] || fail "$*: more than one line: $(cat stderr)"
}
absent() { [ ! -e "$1" ] || fail "$1 was left behind: $(find "$1" | head -5 | xargs)"; }
same() { cmp -s "$1" "$2" || fail "$1 and $2 differ: $(diff "$1" "$2" | head -10)"; }
# wait_for COMMAND...: until it succeeds, at most 60 s.
wait_for() {
  for _ in $(seq 600); do
    "$@" 2>/dev/null && return 0
    sleep 0.1
  done
  fail "timed out: $*"
}
# finish SENTENCE: the verdict, as exit status.
finish() {
  [ $failures = 0 ] || exit 1
  echo "$1"
}
