#!/usr/bin/env bash
# detect from the outside, on folders as people have them: what a file is, is told by its content;
# pictures that are not read are named and make exit status 3, the others go on.
#   detect_test.sh SOURCE_DIR BIN_DIR
. "$1/tests/testing/program_test.sh"
config=$source_dir/tests/data_files/training/small_run.toml pictures=$source_dir/tests/data_files/image
"$bin/make_shapes" --out shapes --images 4 --val 1 --size 64 --classification 0 --quiet >/dev/null ||
  exit 1
"$bin/train_coco" --config "$config" --threads 1 --quiet --out run data.root=shapes \
  data.val_annotations= solver.max_iter=1 solver.steps=1 >/dev/null || exit 1
detect() { "$bin/detect" --run run --threads 1 --quiet "$@"; }

echo "-- endings do not matter"
mkdir in && cp "$pictures/grey.jpg" in/a.jfif && cp "$pictures/grey.jpg" in/b.jpe &&
  cp "$pictures/grey.png" in/c.jpg && cp "$pictures/orientation_6.jpg" in/turned
expect 0 "" detect --images in --out all
[ "$(cd all && echo *)" = "a.png b.png c.png results.json turned.png" ] || fail "wrote $(ls all | xargs)"
# A PNG tells width and height in bytes 16 to 23.
[ "$(od -An -tu1 -j16 -N8 all/turned.png | xargs)" = "0 0 0 13 0 0 0 18" ] ||
  fail "the turned photograph is not shown upright"

echo "-- pictures of other kinds are named, other files passed over"
printf 'RIFF1234WEBPVP8 ' >in/d.webp
printf 'GIF89a' >in/e.gif
printf '<html>404</html>' >in/f.jpg
echo "a,b" >in/labels.csv
echo "{}" >in/labels.json
detect --images in --out some 2>stderr >stdout
status=$?
[ $status = 3 ] || fail "pictures of other kinds: exit status $status, not 3"
cat >wanted <<LINES
warning: in/d.webp: is a WebP file; convert it to PNG or JPEG
warning: in/e.gif: is a GIF file; convert it to PNG or JPEG
warning: in/f.jpg: is an HTML file, not a JPEG or PNG
warning: 3 files could not be used
LINES
same wanted stderr
grep -q "objects in 4 images, written to some/results.json" stdout || fail "said $(cat stdout)"
"$bin/detect" --run run --threads 1 --images in --out told 2>stderr >/dev/null
[ "$(grep -c "^in: passed over 2 files that are no pictures, such as labels.csv$" stderr)" = 1 ] ||
  fail "did not count what it passed over: $(cat stderr)"

echo "-- a list of images gives ids, whatever else of a COCO file it lacks"
mkdir one && cp "$pictures/grey.jpg" one/a.jpg
for list in '' ', "annotations": null' ', "annotations": [{"segmentation": [1, 2]}], "categories": []'; do
  printf '{"images": [{"id": 71, "file_name": "a.jpg"}]%s}' "$list" >list.json
  rm -rf listed
  expect 0 "" detect --images one --out listed --annotations list.json --score-threshold 0
  grep -q '"image_id":71,"file_name":"a.jpg"' listed/results.json || fail "no image 71 with$list"
done
echo '{"annotations": []}' >list.json
expect 3 "detect: list.json: the list images is missing" \
  detect --images one --out unlisted --annotations list.json
absent unlisted

echo "-- augmentation: it says what it costs, its keys need it"
"$bin/detect" --run run --threads 1 --images one --out many --tta test.tta.scales=1,2 2>stderr >/dev/null ||
  fail "--tta: exit status $?"
grep -q "^test-time augmentation: 4 passes, .* s an image, .* times a plain detection$" stderr ||
  fail "did not say what --tta costs: $(cat stderr)"
"$bin/evaluate_coco" --run run --threads 1 --annotations shapes/annotations/instances_val.json \
  --images shapes/val --tta test.tta.scales=1 --voc 10 2>stderr >stdout || fail "--tta: exit status $?"
grep -q "^test-time augmentation: 2 passes, " stderr || fail "did not say what --tta costs: $(cat stderr)"
[ "$(wc -l <stdout)" = 25 ] || fail "boxes, masks and VOC give $(wc -l <stdout) lines"
expect 2 "detect: the keys test.tta.\* need --tta" detect --out few test.tta.flip=false --images one
expect 2 "detect: config: test.tta.vote_iou must be in 0 .. 1, got 2*" \
  detect --out few --tta test.tta.vote_iou=2 --images one
expect 2 "evaluate_coco: --tta needs --run" "$bin/evaluate_coco" --gt a.json --dt b.json --tta
absent few

echo "-- nothing to look at"
mkdir none
expect 3 "detect: none: holds no picture" detect --images none --out run2
echo "a,b" >none/labels.csv
expect 3 "detect: none: holds no picture among its 1 files" detect --images none --out run2
absent run2

finish "detect: every file was seen for what it is"
