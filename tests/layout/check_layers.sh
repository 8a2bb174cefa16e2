#!/usr/bin/env bash
# Checks the include directions of the house; prints each violation, exits 1 if there is one.
#   check_layers.sh SOURCE_DIR
set -euo pipefail
cd "$1"

status=0
report() {
  echo "layering: $1"
  status=1
}

# layer: the layers that it may include
declare -A allowed=(
  [core]="core"
  [ops]="core ops"
  [data]="core data"
  [nn]="core ops nn"
  [detection]="core ops nn data detection"
  [apps]="core ops nn data detection apps"
)

for layer in "${!allowed[@]}"; do
  [ -d "$layer" ] || continue
  while IFS=: read -r file line include; do
    target=$(sed -E 's/.*#include "([a-z_]+)\/.*/\1/' <<<"$include")
    case "$target" in core | ops | nn | data | detection | apps | tests) ;; *) continue ;; esac
    grep -qw "$target" <<<"${allowed[$layer]}" || report "$file:$line: $layer must not include $target"
  done < <(grep -rnE '#include "[a-z_]+/' --include='*.h' --include='*.cpp' --include='*.cu' --include='*.cuh' "$layer" || true)
done

# Folders of detection, each of which may include those before it.
rooms=(config structures rpn roi_heads mask_rcnn export weights prediction evaluation training)
declare -A order=()
for i in "${!rooms[@]}"; do order[${rooms[$i]}]=$i; done
order[pretraining]=-1 # beside them: on config and structures alone
if [ -d detection ]; then
  while IFS=: read -r file line include; do
    from=$(cut -d/ -f2 <<<"$file") to=$(sed -E 's/.*#include "detection\/([a-z_]+)\/.*/\1/' <<<"$include")
    [ "$from" = "$to" ] && continue
    if [ -z "${order[$from]:-}" ] || [ -z "${order[$to]:-}" ]; then
      report "$file:$line: no place is known for detection/${order[$from]:+$to}${order[$from]:-$from}"
    elif [ "$from" = pretraining ]; then
      [ "${order[$to]}" -ge 0 ] && [ "${order[$to]}" -le 1 ] || report "$file:$line: detection/$from must not include detection/$to"
    elif [ "$to" = pretraining ] || [ "${order[$to]}" -gt "${order[$from]}" ]; then
      report "$file:$line: detection/$from must not include detection/$to"
    fi
  done < <(grep -rnE '#include "detection/[a-z_]+/' --include='*.h' --include='*.cpp' detection || true)
fi

# The statistics of the study are plain numbers: no configuration, files, processes or tensors.
while IFS=: read -r file line include; do
  report "$file:$line: the study's statistics must not include $(sed -E 's/.*"(.*)".*/\1/' <<<"$include")"
done < <(grep -rnE '#include "' --include='*.h' --include='*.cpp' apps/study/statistics 2>/dev/null |
  grep -vE '"(apps/study/statistics|data/evaluation)/|"core/(error|kernels/random)\.h"' || true)

# Library headers stay behind the backends: core/{cpu,cuda,dist}, the kernel files of ops, and the one
# file that writes ONNX.
while IFS=: read -r file line include; do
  case "$file" in
    core/cpu/* | core/cuda/* | core/dist/* | ops/*_cpu.cpp | ops/*_cuda.cu | ops/*_cuda.cpp) ;;
    detection/export/onnx_graph.cpp) ;;
    *) report "$file:$line: library header outside a backend: $include" ;;
  esac
done < <(grep -rnE '#include <(dnnl\.hpp|dnnl\.h|cudnn|cublas|nccl|mpi|cuda_runtime|cub/|onnx/|google/)' \
  --include='*.h' --include='*.cpp' --include='*.cu' --include='*.cuh' core ops nn data detection apps || true)

while IFS=: read -r file line include; do
  case "$file" in
    core/foreign/*) ;;
    *) report "$file:$line: archives are the business of core/foreign: $include" ;;
  esac
done < <(grep -rnE '#include <zip\.h>' --include='*.h' --include='*.cpp' core ops nn data detection apps || true)

# A program's main is thin.
for main in apps/*.cpp; do
  [ -f "$main" ] || continue
  lines=$(wc -l <"$main")
  [ "$lines" -le 100 ] || report "$main: a main has at most 100 lines, got $lines"
done

exit $status
