#!/usr/bin/env bash
# Compares rasters and evaluation with pycocotools' stored answers in full: 100,000 pairs of masks
# and 10,000 evaluations, of which the test suite runs a fifth. Builds what it needs; a minute.
#
#   scripts/check_exactness.sh [--oracle PYTHON]
#
# With --oracle, PYTHON (which must have pycocotools and numpy) answers everything again first, and
# its answers must be the stored ones; ten minutes more.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = --oracle ]; then
  fresh=$(mktemp -d)
  trap 'rm -rf "$fresh"' EXIT
  echo "exactness: pycocotools answers again (about ten minutes)" >&2
  "$2" tests/oracles/raster_pairs.py >"$fresh/pair_digests.txt"
  "$2" tests/oracles/coco_eval.py "$fresh"
  stored=tests/data_files
  cmp "$fresh/pair_digests.txt" $stored/raster/pair_digests.txt
  for file in digests.txt full_cases.json; do cmp "$fresh/$file" $stored/coco_evaluation/$file; done
elif [ $# -gt 0 ]; then
  sed -n '5s/^# *//p' "$0" >&2
  exit 2
fi

scripts/setup.sh --tests
DENOVO_TESTS=ON scripts/build.sh core_tests data_tests
export DENOVO_EXACTNESS=all
bin=${DENOVO_BUILD_DIR:-build}/bin
"$bin/core_tests" --test-case='raster: * give pycocotools*'
"$bin/data_tests" --test-case='evaluate_coco: * give pycocotools*'
