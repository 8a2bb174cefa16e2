#!/usr/bin/env bash
# Proves the CUDA half on a GPU, from binaries that were built elsewhere: parity with the CPU, the
# sanitizer, whole training runs, and speed. One report; a section that fails stops no other. Meant
# to take ten minutes; never timed on a GPU yet.
#
#   scripts/gpu_check.sh [BUILD_DIR] [REPORT]      (build-gpu, gpu_report.md)
#
# To prepare it on any machine with the CUDA toolkit:
#   DENOVO_CUDA=ON DENOVO_BUILD_DIR=build-gpu DENOVO_TESTS=ON scripts/build.sh && strip build-gpu/bin/*
#
# DENOVO_PEER: a Python program that times torchvision's step with the options --device, --batch,
# --height, --width, --rois, --bf16, --tf32 and --channels-last; without it that section is left out.
set -uo pipefail
cd "$(dirname "$0")/.."

bin=${1:-build-gpu}/bin
report=${2:-gpu_report.md}
[ -x "$bin/ops_tests" ] || { echo "gpu_check: $bin/ops_tests must exist, build it first" >&2; exit 2; }

# Where Python packages bring cuDNN, cuBLAS and NCCL, and the system does not.
libraries=$(python3 - 2>/dev/null <<'PYTHON'
import glob, site
print(":".join(p for s in site.getsitepackages() for p in glob.glob(s + "/nvidia/*/lib")))
PYTHON
)
export LD_LIBRARY_PATH="${libraries:+$libraries:}${LD_LIBRARY_PATH:-}"
export DENOVO_REQUIRE_GPU=1 OMP_WAIT_POLICY=passive bin

failed=0
summary=""

# section NAME SECONDS LINES COMMAND...: runs it, keeps the last LINES of its output.
section() {
  local name=$1 limit=$2 lines=$3 output status start=$SECONDS
  shift 3
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

sanitize() {
  compute-sanitizer --tool "$1" --error-exitcode 9 --print-limit 20 "$bin/ops_tests" \
    --test-case="device cases: a GPU*,op cases: a GPU agrees*"
}

# Steps of the published model by layer group; arguments: precision, batch, more overrides.
step() {
  "$bin/bench_step" --config configs/bench/r50_gn_800x1216.toml --device cuda:0 --foreground 128 \
    --iters 10 --warmup 3 solver.precision="$1" solver.images_per_batch="$2" \
    solver.images_per_group="$2" "${@:3}" --quiet
}

peer() {
  python3 "$DENOVO_PEER" --device cuda --height 800 --width 1216 --rois 512 --iters 10 "$@"
}

export -f sanitize step peer
printf '# GPU check\n\n%s, commit %s\n' "$(date -u +%Y-%m-%d)" \
  "$(git rev-parse --short HEAD 2>/dev/null || echo unknown)" >"$report"
section "machine" 30 12 nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv
section "ops against the CPU" 180 60 "$bin/ops_tests" --test-case='*GPU*'
section "training against the CPU" 180 60 "$bin/detection_tests" --test-case='*GPU*'
section "the core suite" 60 20 "$bin/core_tests"
for precision in bf16 tf32 f32; do
  for batch in 8 2 1; do section "step $precision batch $batch" 60 24 step $precision $batch; done
done
for batch in 8 2 1; do
  section "step bf16 batch $batch, graph" 60 4 step bf16 $batch solver.cuda_graph=true
  section "step bf16 batch $batch, graph, tuned" 60 4 step bf16 $batch solver.cuda_graph=true \
    solver.autotune=true
done
if [ -n "${DENOVO_PEER:-}" ]; then
  for batch in 8 2 1; do
    section "torchvision bf16 batch $batch" 90 4 peer --batch $batch --bf16 --channels-last
    section "torchvision TF32 batch $batch" 90 4 peer --batch $batch --tf32 --channels-last
  done
fi
for tool in memcheck racecheck initcheck; do section "compute-sanitizer $tool" 120 30 sanitize $tool; done

{
  printf '\n## Summary\n\n| section | result | seconds |\n|---|---|---|\n%s' "$summary"
} >>"$report"
printf '%s' "$summary"
echo "gpu_check: $failed sections failed, report in $report" >&2
[ $failed -eq 0 ]
