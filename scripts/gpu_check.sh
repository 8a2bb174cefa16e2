#!/usr/bin/env bash
# Proves the CUDA half on a GPU, from binaries that were built elsewhere: parity with the CPU, the
# sanitizer, whole training runs, and speed. One report; a section that fails stops no other. Stops
# after ten minutes: the sections come in the order of their weight, and the report names those that
# it did not come to.
#
#   scripts/gpu_check.sh [PACKAGE] [REPORT]      (build-gpu/gpu_check.tar.xz, build-gpu/gpu_report.md)
#
# scripts/pack_gpu_check.sh makes the package on any machine with the CUDA toolkit; besides it the
# GPU's machine needs the driver, cuDNN 9, cuBLAS 13 (those of Python packages will do), and this tree.
#
# DENOVO_GPU_CHECK_SECONDS: the time it may take, 600.
# DENOVO_PEER: a Python program that times torchvision's step with the options --device, --batch,
#   --height, --width, --rois, --iters, --bf16, --tf32 and --channels-last, and prints the foreground
#   RoIs of each image as "foreground [n, ...]"; the same counts are then given to our step.
# Without it its sections are left out.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

package=${1:-build-gpu/gpu_check.tar.xz}
report=${2:-build-gpu/gpu_report.md}
deadline=$((SECONDS + ${DENOVO_GPU_CHECK_SECONDS:-600}))
[ -f "$package" ] || { echo "gpu_check: $package must exist, scripts/pack_gpu_check.sh makes it" >&2; exit 2; }
mkdir -p "$(dirname "$report")"
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT
tar xJf "$package" -C "$unpacked" || exit 2
bin=$unpacked/bin

# Where Python packages bring cuDNN, cuBLAS and NCCL, and the system does not.
libraries=$(python3 - 2>/dev/null <<'PYTHON'
import glob, site
print(":".join(p for s in site.getsitepackages() for p in glob.glob(s + "/nvidia/*/lib")))
PYTHON
)
own_path="$unpacked/lib:${libraries:+$libraries:}${LD_LIBRARY_PATH:-}"
PATH="$PATH:/usr/local/cuda/bin" # compute-sanitizer
export own_path DENOVO_REQUIRE_GPU=1 OMP_WAIT_POLICY=passive bin

failed=0
summary=""
output=""

# section NAME SECONDS LINES COMMAND...: runs it, keeps the last LINES of its output, which stays in
# $output.
section() {
  local name=$1 limit=$2 lines=$3 status start=$SECONDS left=$((deadline - SECONDS))
  shift 3
  output=""
  if [ $left -lt 5 ]; then
    failed=$((failed + 1))
    summary+="| $name | not run: out of time | 0 |"$'\n'
    return
  fi
  [ $left -lt "$limit" ] && limit=$left
  echo "gpu_check: $name" >&2
  output=$(timeout "$limit" bash -c '"$@"' _ "$@" 2>&1)
  status=$?
  [ $status -eq 0 ] || failed=$((failed + 1))
  summary+="| $name | $([ $status -eq 0 ] && echo passed || echo "FAILED ($status)") | $((SECONDS - start)) |"$'\n'
  {
    printf '\n## %s\n\n`%s`: status %d, %d s\n\n```\n' "$name" "${*##*/}" $status $((SECONDS - start))
    tail -n "$lines" <<<"$output"
    echo '```'
  } >>"$report"
}

# own PROGRAM ARGUMENTS...: one of the package, with its libraries.
own() {
  LD_LIBRARY_PATH=$own_path "$@"
}

sanitize() {
  own compute-sanitizer --tool "$1" --error-exitcode 9 --print-limit 20 "$bin/ops_tests" \
    --test-case="device cases: a GPU*,op cases: a GPU agrees*"
}

# Steps of the published model by layer group; arguments: precision, batch, foreground RoIs, more
# overrides.
step() {
  own "$bin/bench_step" --config configs/bench/r50_gn_800x1216.toml --device cuda:0 --foreground "$3" \
    --iters 10 --warmup 4 solver.precision="$1" solver.images_per_batch="$2" \
    solver.images_per_group="$2" "${@:4}" --quiet
}

peer() {
  python3 "$DENOVO_PEER" --device cuda --height 800 --width 1216 --rois 512 --iters 10 "$@"
}

# What the step was estimated to take, by layer group, beside what it took.
beside_estimate() {
  local card=h100
  nvidia-smi --query-gpu=name --format=csv,noheader | grep -q H200 && card=h200
  python3 scripts/step_model.py tests/data_files/step_model/r50_gn_800x1216.txt --card $card --report "$report"
}

# Torchvision's step and ours with its foreground counts; arguments: batch.
beside_torchvision() {
  local batch=$1 foreground
  section "torchvision bf16 batch $batch" 90 2 peer --batch "$batch" --bf16 --channels-last
  foreground=$(grep -o 'foreground \[[0-9, ]*\]' <<<"$output" | tail -1 | tr -dc '0-9,')
  section "step bf16 batch $batch, torchvision's counts" 60 4 step bf16 "$batch" \
    "${foreground:-128}" solver.cuda_graph=true solver.autotune=true
}

export report
export -f own sanitize step peer beside_estimate
printf '# GPU check\n\n%s, commit %s\n' "$(date -u +%Y-%m-%d)" \
  "$(git rev-parse --short HEAD 2>/dev/null || echo unknown)" >"$report"
section "machine" 30 12 nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv
section "ops against the CPU" 120 60 own "$bin/ops_tests" --test-case='*GPU*'
# Right after the parity of ops: what follows may take six minutes, and no report is to be without a time.
section "step bf16 batch 8" 60 24 step bf16 8 128
section "the core suite" 60 20 own "$bin/core_tests"
section "training against the CPU" 120 60 own "$bin/detection_tests" --test-case='*GPU*'
section "compute-sanitizer memcheck" 120 30 sanitize memcheck
section "step bf16 batch 8 beside its estimate" 30 40 beside_estimate
for batch in 8 1 2; do
  [ -z "${DENOVO_PEER:-}" ] || beside_torchvision $batch
  section "step bf16 batch $batch, graph" 60 4 step bf16 $batch 128 solver.cuda_graph=true
  section "step bf16 batch $batch, graph, tuned" 60 4 step bf16 $batch 128 solver.cuda_graph=true \
    solver.autotune=true
done
for tool in racecheck initcheck; do section "compute-sanitizer $tool" 120 30 sanitize $tool; done
for batch in 1 2; do section "step bf16 batch $batch" 60 24 step bf16 $batch 128; done
for precision in tf32 f32; do
  for batch in 8 2 1; do section "step $precision batch $batch" 60 24 step $precision $batch 128; done
done
[ -z "${DENOVO_PEER:-}" ] || section "torchvision TF32 batch 8" 90 2 peer --batch 8 --tf32 --channels-last

{
  printf '\n## Summary\n\n| section | result | seconds |\n|---|---|---|\n%s' "$summary"
} >>"$report"
printf '%s' "$summary"
echo "gpu_check: $failed sections failed or were not run, report in $report" >&2
[ $failed -eq 0 ]
