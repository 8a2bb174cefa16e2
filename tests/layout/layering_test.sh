#!/usr/bin/env bash
# The layering check passes on the tree, and fails on each of seven planted violations.
#   layering_test.sh SOURCE_DIR
set -euo pipefail
source_dir=$1
check="$source_dir/tests/layout/check_layers.sh"

"$check" "$source_dir"

planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
expect_violation() { # file content expected-message
  rm -rf "${planted:?}"/*
  mkdir -p "$planted"/{core,ops,nn,data,detection,apps} "$planted/$(dirname "$1")"
  echo "$2" >"$planted/$1"
  if output=$("$check" "$planted"); then
    echo "layering test: a planted violation in $1 was not found"
    exit 1
  fi
  grep -qF "$3" <<<"$output" || { echo "layering test: wrong message: $output"; exit 1; }
}
expect_violation core/a.h '#include "ops/relu/relu.h"' 'core/a.h:1: core must not include ops'
expect_violation data/b.cpp '#include "detection/mask_rcnn/mask_rcnn.h"' 'data must not include detection'
expect_violation detection/rpn/d.h '#include "detection/mask_rcnn/mask_rcnn.h"' 'detection/rpn must not include detection/mask_rcnn'
expect_violation detection/weights/e.cpp '#include "detection/training/train_config.h"' 'detection/weights must not include detection/training'
expect_violation apps/study/statistics/f.h '#include "core/config/config.h"' "the study's statistics must not include core/config/config.h"
expect_violation nn/c.h '#include <cudnn.h>' 'library header outside a backend'
expect_violation detection/export/g.h '#include <onnx/onnx_pb.h>' 'library header outside a backend'
echo "layering test: the tree is clean, and seven planted violations were found"
