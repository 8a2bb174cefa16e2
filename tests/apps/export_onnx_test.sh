#!/usr/bin/env bash
# export_onnx from the outside: what it writes and what it refuses; where this machine has a Python
# with onnxruntime, the files it writes give there the numbers that the suite holds.
#   export_onnx_test.sh SOURCE_DIR BIN_DIR
. "$1/tests/testing/program_test.sh"
models=$source_dir/tests/data_files/export
export_onnx() { "$bin/export_onnx" "$@"; }

echo "-- a file of any image size, one of a fixed size, one with other rules"
expect 0 "" export_onnx --weights "$models/group_norm.safetensors" --out any.onnx
[[ $(cat stdout) == "any.onnx: 10 classes, 0.5 MB" ]] || fail "said $(cat stdout)"
expect 0 "" export_onnx --weights "$models/group_norm.safetensors" --out same.onnx
same any.onnx same.onnx
expect 0 "" export_onnx --weights "$models/group_norm.safetensors" --size 96x128 --out fixed.onnx
grep -q image_width any.onnx || fail "any size has no name"
grep -q image_width fixed.onnx && fail "a fixed size has a name"
expect 0 "" export_onnx --weights "$models/group_norm.safetensors" --out few.onnx --score-threshold 0.5 --max-detections 5
cmp -s any.onnx few.onnx && fail "the rules of detection changed nothing"
grep -q class_names any.onnx || fail "the classes are not named"

echo "-- what cannot be exported"
expect 2 "export_onnx: any.onnx: exists; choose another --out" \
  export_onnx --weights "$models/group_norm.safetensors" --out any.onnx
expect 2 "export_onnx: --size must be HxW, pixels from 1 to 65500, such as 480x640, got '480'" \
  export_onnx --weights "$models/group_norm.safetensors" --out new.onnx --size 480
expect 2 "export_onnx: --size must be HxW, *, got '0x64'" \
  export_onnx --weights "$models/group_norm.safetensors" --out new.onnx --size 0x64
expect 2 "export_onnx: give a model by --run or by --weights, and not by both" \
  export_onnx --out new.onnx
expect 2 "export_onnx: *--score-threshold*" \
  export_onnx --weights "$models/group_norm.safetensors" --out new.onnx --score-threshold 2
expect 3 "export_onnx: none.safetensors: cannot be read, got *No such file or directory*" \
  export_onnx --weights none.safetensors --out new.onnx
mkdir checkpoint
expect 3 "export_onnx: checkpoint: *" export_onnx --weights checkpoint --out new.onnx
expect 3 "export_onnx: any.onnx: *" export_onnx --weights any.onnx --out new.onnx
expect 3 "export_onnx: checkpoint: is not a run directory, there is no config.toml" \
  export_onnx --run checkpoint --out new.onnx
expect 3 "export_onnx: *torchvision_resnet.safetensors: has no \"config\" in its metadata; *" \
  export_onnx --weights "$source_dir/tests/data_files/weights/torchvision_resnet.safetensors" --out new.onnx
expect 4 "export_onnx: none/new.onnx: *" \
  export_onnx --weights "$models/group_norm.safetensors" --out none/new.onnx
absent new.onnx

echo "-- a classifier is no detector"
"$bin/make_shapes" --out shapes --images 1 --val 1 --size 64 --classification 304 --quiet >/dev/null
"$bin/pretrain_imagenet" --config "$source_dir/configs/shapes/pretrain_tiny.toml" --threads 1 --quiet \
  --out trunk data.root=shapes/classification solver.max_iter=1 >/dev/null || fail "no classifier was trained"
expect 3 "export_onnx: *: holds a classifier of pretrain_imagenet, which is no detector" \
  export_onnx --weights trunk/checkpoints/last/model.safetensors --out new.onnx
absent new.onnx

if python3 -c 'import numpy, onnxruntime, PIL, safetensors' 2>/dev/null; then
  echo "-- ONNX Runtime gives the numbers that the suite holds"
  (cd "$source_dir/tests/oracles" && python3 onnx_runtime.py "$bin" --check) ||
    fail "ONNX Runtime gives other numbers"
else
  echo "-- no Python with onnxruntime here: its numbers are compared as they were committed"
fi

finish "export_onnx: files were written, and what is no detector was refused"
