#!/usr/bin/env bash
# A picture of a page (report.html, or what report_runs writes) as a reader sees it, for documents.
#   scripts/picture_of_page.sh PAGE PICTURE.png [WIDTH=1000] [HEIGHT=1250] [light|dark]
# Wants Chromium (Debian: chromium).
set -euo pipefail
page=$(realpath "$1") picture=$2 width=${3:-1000} height=${4:-1250} scheme=${5:-light}
dark=()
[ "$scheme" = light ] || dark=(--blink-settings=preferredColorScheme=0)
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars "${dark[@]}" \
  --screenshot="$picture" --window-size="$width,$height" "file://$page" 2>/dev/null >/dev/null
[ -s "$picture" ] || { echo "picture_of_page: Chromium made no picture of $page" >&2; exit 1; }
