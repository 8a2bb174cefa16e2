#!/usr/bin/env bash
# Every source is as .clang-format says. Other versions than 14 lay out a few things differently.
#   format_test.sh SOURCE_DIR
set -euo pipefail
cd "$1"

version=$(clang-format --version | sed 's/.*version \([0-9]*\).*/\1/')
if [ "$version" != 14 ]; then
  echo "format test: needs clang-format 14, this machine has $version: not checked"
  exit 0
fi
find core ops nn data detection apps tests third_party \
  \( -name '*.cpp' -o -name '*.h' -o -name '*.cu' -o -name '*.cuh' \) -print0 |
  xargs -0 clang-format --dry-run --Werror
echo "format test: every source is as .clang-format says"
