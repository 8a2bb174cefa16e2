#!/usr/bin/env bash
# The pages of a study and of report_runs, as files and, where Chromium is installed, as readers see
# them: nothing is asked for, every text is readable in light and dark, nothing is wider than a phone.
#   report_page_test.sh SOURCE_DIR BIN_DIR
. "$1/tests/apps/study_fixture.sh"
small_study 0 eval.pictures=4 'arms = ["scratch=random", "again=random"]' 'seed_offsets = [0, 100]' 'seeds = 3'

# checked PAGE: as a file.
checked() {
  [ -s "$1" ] || { fail "$1 was not written"; return; }
  ! grep -Eqi '(src|href|srcset|action)="([a-z]+:)?//|url\(|@import' "$1" || fail "$1 refers to the network"
  ! grep -q '<script' "$1" || fail "$1 needs a script"
}

echo "-- a study writes its page beside report.json and names it last"
expect 0 "" study --out whole
[ "$(tail -n 1 stdout)" = "report: whole/report.html" ] || fail "last line: $(tail -n 1 stdout)"
checked whole/report.html
[ "$(grep -o 'data-claim="[1-6]"' whole/report.html | wc -l)" = 12 ] || fail "not six cards for boxes and for masks"
[ "$(grep -o 'src="data:image' whole/report.html | wc -l)" = 12 ] || fail "not four images under truth and two arms"
while read -r run; do
  [ -d "whole/${run#./}" ] || fail "links to $run, which is not there"
done < <(grep -o 'href="\./runs/[^"]*"' whole/report.html | cut -d'"' -f2)

echo "-- a study that is not complete"
cp -r whole part
rm -r part/runs/again-24-16-s2 part/runs/again-24-8-s2 part/runs/scratch-12-8-s1
expect 1 "*" study --out part --report-only
checked part/report.html
grep -q "21 of its 24 runs are finished. 3 pending." part/report.html || fail "does not say what is missing"

echo "-- runs compared"
runs=whole/runs
expect 0 "" "$bin/report_runs" --out pair.html $runs/scratch-12-16-s1 $runs/again-24-16-s1
checked pair.html
[ "$(cat stdout)" = pair.html ] || fail "does not name its page: $(cat stdout)"
grep -q '<td>data.max_train_images</td>' pair.html || fail "does not show where configurations differ"
expect 0 "" "$bin/report_runs" --out pair.html $runs/scratch-12-16-s1
grep -q "A run: scratch-12-16-s1" pair.html || fail "not renewed"
expect 2 "report_runs: RUN is required" "$bin/report_runs" --out other.html
expect 2 "report_runs: shapes: there is no run here, config.toml is missing" \
  "$bin/report_runs" --out other.html shapes
expect 2 "report_runs: study.toml: exists and is no page of this program; choose another file" \
  "$bin/report_runs" --out study.toml $runs/scratch-12-16-s1
absent other.html
expect 0 "" "$bin/report_runs" --out pair.html $runs/scratch-12-16-s1 $runs/again-24-16-s1

echo "-- an evaluation"
expect 0 "*" "$bin/evaluate_coco" --run $runs/scratch-12-16-s1 --page scores.html --json scores.json --quiet
checked scores.html
ap=$(grep -o '"AP":[^,]*' scores.json | head -n 1 | cut -d: -f2)
grep -q "data-score=\"bbox/AP\" data-value=\"$ap\"" scores.html || fail "does not show the AP $ap"
for table in sizes classes confusion; do
  grep -q "data-table=\"$table\"" scores.html || fail "has no table of $table"
done
expect 2 "evaluate_coco: study.toml: exists and is no page of this program; choose another file" \
  "$bin/evaluate_coco" --run $runs/scratch-12-16-s1 --page study.toml

chromium=$(command -v chromium || command -v chromium-browser || true)
if [ -z "$chromium" ]; then
  echo "skipped: how the pages look, Chromium is not installed"
  finish "report pages: whole, honest, nothing fetched"
  exit
fi

browser() {
  timeout 120 "$chromium" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --user-data-dir="$work/profile" "$@"
}
echo '<!DOCTYPE html><title>t</title><p>seen' >trivial.html
if ! browser --dump-dom "file://$work/trivial.html" 2>/dev/null | grep -q seen; then
  echo "skipped: how the pages look, Chromium shows no page on this machine"
  finish "report pages: whole, honest, nothing fetched"
  exit
fi

# look PAGE WIDTH SCHEME: what page_checks.html finds, as one line; and what the console says.
look() {
  # The page forbids scripts; its copy allows the one that measures.
  sed "s|img-src data:|&; script-src 'unsafe-inline'|; s|</body>||; s|</html>||" "$1" >copy.html
  { cat "$source_dir/tests/testing/page_checks.html"; echo '</body></html>'; } >>copy.html
  cat >frame.html <<END
<!DOCTYPE html><html><head><title>nothing</title></head><body style="margin:0">
<script>onmessage = (event) => { document.title = event.data; };</script>
<iframe src="copy.html" style="border:0;width:$2px;height:900px"></iframe></body></html>
END
  local scheme=1
  [ "$3" = light ] || scheme=0
  browser \
    --host-resolver-rules="MAP * ~NOTFOUND" --enable-logging=stderr --virtual-time-budget=5000 \
    --blink-settings=preferredColorScheme=$scheme --window-size=1300,950 \
    --dump-dom "file://$work/frame.html" >dom 2>console
  grep -o '<title>[^<]*' dom | head -n 1 | cut -c 8-
  grep 'CONSOLE' console | head -n 3
}

echo "-- as readers see them"
for page in whole/report.html part/report.html pair.html scores.html; do
  for width in 1200 400; do
    for scheme in light dark; do
      found=$(look $page $width $scheme)
      echo "$page: $found"
      [[ $found == "$scheme $width: fine, "* && $found != *CONSOLE* ]] || fail "$page: $found"
    done
  done
done

echo "-- the check finds what it is there to find"
body='<main>'
# spoilt PATTERN HTML: the page with it is complained about.
spoilt() {
  sed "s|$body|$body$2|" pair.html >spoilt.html
  local found
  found=$(look spoilt.html 400 light)
  [[ $found == *$1* ]] || fail "not found in the page with $2: $found"
}
spoilt "contrast 2.8" '<p style="color:#999">pale</p>'
spoilt "px wide in 400" '<p style="width:500px">wide</p>'
spoilt "CONSOLE" '<img src="http://example.com/a.png"/>'

finish "report pages: whole, honest, readable, nothing fetched"
