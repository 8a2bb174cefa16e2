#!/usr/bin/env bash
# No kernel keeps registers in local memory, but for those in spill_allowances.txt: from what ptxas
# said when BUILD_DIR was compiled.
#   kernel_resources_test.sh BUILD_DIR
set -euo pipefail

allowances=$(dirname "$0")/spill_allowances.txt
reports=$(find "$1" -name '*.ptxas')
[ -n "$reports" ] || { echo "kernel resources: $1 must hold *.ptxas reports, got none" >&2; exit 1; }

# One line a kernel: spilled bytes, registers, file, name.
kernels=$(awk '/Function properties for/ { name = $NF }
               /spill stores/ { for (i = 3; i < NF; ++i) if ($i == "spill" && $(i + 1) ~ /^stores/) spilled = $(i - 2) }
               /Used [0-9]+ registers/ { for (i = 1; i < NF; ++i) if ($i == "Used") { file = FILENAME; sub(/.*\//, "", file); print spilled, $(i + 1), file, name } }' \
  $reports | c++filt)

awk -v allowances="$allowances" '
  BEGIN {
    while ((getline line < allowances) > 0)
      if (line !~ /^#/ && split(line, part, / *[|] */) == 3) most[part[2]] = part[1]
  }
  {
    ++count
    if ($2 > registers) registers = $2
    if ($1 == 0) next
    allowed = 0
    for (pattern in most)
      if (index($0, pattern)) { seen[pattern] = 1; if (most[pattern] > allowed) allowed = most[pattern] }
    if ($1 > allowed) { bad = 1; printf "spills %d bytes, allowed %d: %s\n", $1, allowed, $0 }
  }
  END {
    for (pattern in most) if (!(pattern in seen)) { bad = 1; print "allowance without a kernel that spills: " pattern }
    printf "kernel resources: %d kernels, at most %d registers\n", count, registers
    exit bad || count == 0
  }' <<<"$kernels"
