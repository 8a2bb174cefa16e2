#!/usr/bin/env bash
# GroupNorm, RoIAlign and the optimiser read activations, weights and gradients 16 bytes at a time
# wherever channels allow it: no narrower load of the element type is left in their vector kernels.
# Read from the PTX that nvcc makes of them; ptxas never splits a vector load.
#   vector_loads_test.sh SOURCE_DIR NVCC
set -euo pipefail
cd "$1"
nvcc=$2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for op in sgd adamw weight_average; do
  echo "#include \"ops/$op/${op}_kernels.cpp\"" >"$work/$op.cu"
done

for source in ops/group_norm/group_norm_cuda.cu ops/roi_align/roi_align_cuda.cu "$work"/*.cu; do
  "$nvcc" -std=c++20 --expt-relaxed-constexpr --fmad=false -arch=compute_90a -DDENOVO_WITH_CUDA -I. \
    -ptx "$source" -o "$work/kernels.ptx"
  # One line a kernel and kind of load: how often, the kind, the name.
  awk '/\.entry/ { match($0, /_Z[A-Za-z0-9_]*/); name = substr($0, RSTART, RLENGTH) }
       /ld\.global/ { match($0, /ld\.global[a-z0-9.:]*/); ++count[substr($0, RSTART, RLENGTH) " " name] }
       END { for (key in count) print count[key], key }' "$work/kernels.ptx" | c++filt
done >"$work/loads"

awk '
  # Kernels over vectors: rows_kernel<8, ...> or, for slabs, <..., 8>.
  !/rows_kernel<[248], / && !/, [248]> >\(/ { next }
  { name = $0; sub(/^[0-9]+ [^ ]+ /, "", name); kernels[name] }
  $2 ~ /\.v[248]\./ { wide[name] = 1 }
  # MomentTerm reads one element of each group of its channels, the shift of its sums, before its rows.
  name ~ /bfloat16/ && !(name ~ /MomentTerm/ && $1 <= 8) && $2 ~ /global[a-z.]*\.[usb]16$/ { bad = 1; print "loads single bf16 elements: " $0 }
  name ~ /(Update|Average)<float>/ && $2 ~ /\.f32$/ && $2 !~ /\.v4\./ { bad = 1; print "loads single f32 elements: " $0 }
  END {
    for (name in kernels) {
      ++count
      if (!(name in wide)) { bad = 1; print "has no vector load: " name }
    }
    printf "vector loads: %d vector kernels\n", count
    exit bad || count < 20
  }' "$work/loads"
