#!/usr/bin/env bash
# docs/configuration.md holds the keys of the programs as they print them.
#   config_docs_test.sh SOURCE_DIR BIN_DIR
source "$(dirname "$0")/../testing/program_test.sh"

for program in train_coco pretrain_imagenet ablate_data_size detect; do
  "$bin/$program" --config-docs >printed || fail "$program --config-docs: exit status $?"
  sed -e "1,/^<!-- $program --config-docs -->$/d" -e '/^<!-- end -->$/,$d' \
    "$source_dir/docs/configuration.md" >written
  same written printed
  grep -qE '^\| `[a-z_.]+` \| (float|int) \| ' printed || fail "no tables: $(head -5 printed)"
done

finish "config docs: docs/configuration.md is what the programs print"
