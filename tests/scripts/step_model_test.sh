#!/usr/bin/env bash
# scripts/step_model.py against sizes that are worked out by hand, and with bad input.
#   step_model_test.sh SOURCE_DIR
set -euo pipefail
source_dir=$1
command -v python3 >/dev/null || { echo "step model: python3 is missing, skipped"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

failures=0
fail() {
  echo "step model: $*" >&2
  failures=$((failures + 1))
}
model() { python3 "$source_dir/scripts/step_model.py" "$@"; }
# column GROUP N: of the last table.
column() { awk -v group="$1" -v n="$2" '$1 == group { print $n; exit }' table; }
# check_between NAME VALUE LOW HIGH
check_between() { awk -v v="$2" -v a="$3" -v b="$4" 'BEGIN { exit !(v >= a && v <= b) }' || fail "$1 must lie in $3 to $4, got $2"; }

# One convolution of 64 to 64 channels, 3x3, on 100 x 100 places of two images: 2*9*64*64*20000 =
# 1.47456 GFLOP each way; 5.12 MB of activations and 73,728 bytes of weights, which the gradient of
# the weights reads and writes.
printf 'res2\tconv2d\tf32[1,100,100,64]+ f32[64,3,3,64]* -\tf32[1,100,100,64]\n' >conv.txt
model conv.txt --batch 2 >table
[ "$(column res2 2)" = 4.4 ] || fail "three products of 1.475 GFLOP: $(column res2 2)"
[ "$(column res2 4)" = 3 ] || fail "three launches: $(column res2 4)"
[ "$(column res2 3)" = 0.02 ] || fail "15.65 MB: $(column res2 3)"
# The forward pass alone where nothing wants a gradient.
sed 's/[+*]//g' conv.txt >frozen.txt
model frozen.txt --batch 2 >table
[ "$(column res2 4)" = 1 ] || fail "one launch of a frozen layer: $(column res2 4)"
# At 1,000 images a launch is bound by the tensor cores: 3 * 737.28 GFLOP at 0.38 * 989 TFLOP/s.
model conv.txt --batch 1000 >table
[ "$(column res2 6)" = 5.89 ] || fail "2211.84 GFLOP must take 5.89 ms on an H100: $(column res2 6)"
[ "$(column res2 8)" = tensor ] || fail "bound by the tensor cores: $(column res2 8)"

# A normalisation is bound by memory until its loop issues too much: 1000 images of 100 x 100 x 64 are
# 80e6 vectors of 16 bytes; 1600 instructions for two, on 132 * 128 lanes of 1.83 GHz at 0.7, take 2.96 ms.
printf 'res2\tgroup_norm\tf32[1,100,100,64] f32[64] f32[64] -\tf32[1,100,100,64]\n' >norm.txt
model norm.txt --batch 1000 >table
grep -q 'group_norm input gradient  (memory)' table || fail "memory must bind at today's budget: $(cat table)"
budgets=$source_dir/tests/layout/kernel_budgets.txt
sed -E 's/^ *[0-9]+ +[0-9]+(.*MapSlabs<InputGradient<bfloat16, kFromX, false>, 8>)$/ 9999  1600\1/' "$budgets" >slow.txt
model norm.txt --batch 1000 --budgets slow.txt >table
grep -q '2.96 ms  group_norm input gradient  (issue)' table || fail "instructions must bind: $(cat table)"

# The published model: the FLOPs that bench_step counted, an image; cards in their order.
ops=$source_dir/tests/data_files/step_model/r50_gn_800x1216.txt
model "$ops" --batch 1 >table
check_between "GFLOP of an image" "$(column total 2)" 1890 1895
for card in h200 h100 a100 l4; do
  model "$ops" --card $card >table
  column total 6
done >times
sort -g -c times || fail "an H200 must be the fastest and an L4 the slowest: $(cat times)"
model "$ops" >table
check_between "the floor of eight images on an H100, ms" "$(column total 5)" 34 46

# A measurement stands beside its estimate.
estimate=$(column res2 6)
{
  printf '## step bf16 batch 1\n\nres2 1.0 1.0 1.0\n## step bf16 batch 8\n\n```\n'
  awk -v ms="$estimate" 'BEGIN { printf "res2  %.6f  %.6f  10.0  1.0\n```\n", ms / 1000, ms / 1000 }'
} >report.md
model "$ops" --report report.md >table
grep -Eq '^res2 .* 2\.00$' table || fail "twice the estimate must read 2.00: $(grep ^res2 table)"

# refused STATUS TEXT ARGUMENTS...
refused() {
  local status=0
  model "${@:3}" >said 2>&1 || status=$?
  [ $status -eq "$1" ] && grep -qF -- "$2" said && [ "$(wc -l <said)" -eq 1 ] || fail "exit $status for '$2': $(cat said)"
}
refused 3 "nosuch.txt: No such file or directory" nosuch.txt
printf 'res2\tconv2d\n' >short.txt
refused 3 "short.txt, line 1: must hold four columns, got 2" short.txt
printf 'res2\trelu\tf32[1,x]\tf32[1]\n' >odd.txt
refused 3 "odd.txt, line 1: a tensor must read dtype[sizes], got 'f32[1,x]'" odd.txt
: >empty.txt
refused 3 "empty.txt: holds no ops" empty.txt
printf 'kernel without a count\n' >bad.txt
refused 3 "bad.txt, line 1: must be numbers, a bar and a kernel" norm.txt --budgets bad.txt
grep -v 'sgd: Update' "$budgets" >lacking.txt
refused 3 "lacking.txt: has no line of 'sgd: Update<float> x4'" norm.txt --budgets lacking.txt
refused 3 "report.md: holds no table under '## step f32 batch 8'" "$ops" --precision f32 --report report.md
refused 2 "--batch must be positive, got 0" "$ops" --batch 0

[ $failures -eq 0 ] || exit 1
echo "step model: sizes, bounds, cards and sentences are as worked out"
