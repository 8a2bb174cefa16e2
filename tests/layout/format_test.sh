#!/usr/bin/env bash
# Every source is as .clang-format says, and comments, which it does not break, have 100 columns at most.
# Other versions than 14 lay out a few things differently.
#   format_test.sh SOURCE_DIR
set -euo pipefail
cd "$1"

sources() {
  find core ops nn data detection apps tests third_party \
    \( -name '*.cpp' -o -name '*.h' -o -name '*.cu' -o -name '*.cuh' \) -print0
}
wide=$(sources | LC_ALL=C.UTF-8 xargs -0 grep -nE '^.{101,}$' | grep '//' || true)
[ -z "$wide" ] || { echo "format test: a comment has at most 100 columns: $wide"; exit 1; }

version=$(clang-format --version | sed 's/.*version \([0-9]*\).*/\1/')
if [ "$version" != 14 ]; then
  echo "format test: needs clang-format 14, this machine has $version: not checked"
  exit 0
fi
sources | xargs -0 clang-format --dry-run --Werror
echo "format test: every source is as .clang-format says"
