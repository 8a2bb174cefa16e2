#!/usr/bin/env bash
# docs/configuration.md holds the keys of train_coco as the program prints them.
#   config_docs_test.sh SOURCE_DIR BIN_DIR
source "$(dirname "$0")/../testing/program_test.sh"

"$bin/train_coco" --config-docs >printed || fail "train_coco --config-docs: exit status $?"
sed '1,/^<!-- train_coco --config-docs -->$/d' "$source_dir/docs/configuration.md" >written
same written printed
grep -q '^| `solver.base_lr` | float | ' printed || fail "no tables: $(head -5 printed)"

finish "config docs: docs/configuration.md is what train_coco prints"
