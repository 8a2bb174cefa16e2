#!/usr/bin/env bash
# Compiler launcher: runs nvcc with ptxas' resource report, which it keeps beside the object as
# OBJECT.ptxas (tests/layout/kernel_resources_test.sh reads it); other messages go through.
set -uo pipefail

object=""
for ((i = 1; i < $#; ++i)); do
  if [ "${!i}" = -o ]; then j=$((i + 1)); object=${!j}; fi
done
messages=$("$@" -Xptxas -v 2>&1 >/dev/null)
status=$?
report='^ptxas info|bytes stack frame.*spill'
grep -E "$report" <<<"$messages" >"$object.ptxas"
grep -vE "$report|^$" <<<"$messages" >&2
exit $status
