#!/usr/bin/env bash
# check_data from the outside: each class of defect gives one line that names class, file, id, rule
# and value; the exit status says whether training would start; a file that cannot be read at all
# gives one sentence.
#   check_data_test.sh SOURCE_DIR BIN_DIR
. "$1/tests/testing/program_test.sh"
pictures=$source_dir/tests/data_files/image
mkdir images && cp "$pictures"/{rgb.png,grey.png,orientation_6.jpg} images # 18 wide, 13 high
head -c 200 "$pictures/baseline_444.jpg" >images/cut.jpg
echo "no picture" >images/text.jpg
# check [FILE [KEY=VALUE...]]
check() { "$bin/check_data" --annotations "${1:-train.json}" --images images --quiet "${@:2}"; }

image='{"id": 1, "file_name": "rgb.png", "width": 18, "height": 13}'
triangle='"area": 15, "segmentation": [[2, 2, 8, 2, 8, 8]]'
# annotation ID MEMBERS [IMAGE [CATEGORY]]
annotation() { echo "{\"id\": $1, \"image_id\": ${3:-1}, \"category_id\": ${4:-7}, $2}"; }
box='"bbox": [2, 2, 6, 6]'
sound=$(for id in $(seq 101 300); do annotation "$id" "$box, $triangle"; done | sed '$!s/$/,/')
# write IMAGES ANNOTATIONS [CATEGORIES]: train.json, with 200 sound instances on image 1
write() {
  cat >train.json <<END
{"images": [$1], "categories": [${3:-{\"id\": 7, \"name\": \"cell\"\}}], "annotations": [
$sound${2:+, $2}]}
END
}
# finds STATUS LINE...: exactly these lines of defects, and that exit status
finds() {
  local status=$1 got
  shift
  check >stdout 2>stderr
  got=$?
  [ "$got" = "$status" ] || fail "exit status $got, not $status: $(cat stdout stderr)"
  printf '%s\n' "$@" | sed '/^$/d' | sort >wanted
  grep -v '^ \|^[0-9]* \(images\|instances\|of [0-9]*\) \|^[0-9]* images, \|^training would' stdout | sort >found
  same wanted found
  [ ! -s stderr ] || fail "check_data wrote to stderr: $(cat stderr)"
}
# annotated STATUS MEMBERS LINE...: the same for annotation 5 with these members
annotated() {
  local status=$1
  write "$image" "$(annotation 5 "$2")"
  shift 2
  finds "$status" "$@"
}

echo "-- sound data"
write "$image" ""
expect 0 "" check
cat >wanted <<END
1 images, 200 annotations, 200 instances that are not crowds
training would start and leave out 0 degenerate instances
END
same wanted stdout

echo "-- width and height"
annotated 0 "\"bbox\": [2, 2, 0, 6], $triangle" \
  "empty_box: train.json: annotation 5: bbox width and height must be positive, got [2, 2, 0, 6]"
annotated 0 "\"bbox\": [2, 2, 6, -1], $triangle" \
  "empty_box: train.json: annotation 5: bbox width and height must be positive, got [2, 2, 6, -1]"

echo "-- boxes and the image"
annotated 0 "\"bbox\": [18, 2, 6, 6], $triangle" \
  "box_outside: train.json: annotation 5: bbox must meet the image, got [18, 2, 6, 6] on 18 x 13"
annotated 0 "\"bbox\": [15, 2, 6, 6], \"segmentation\": [[15, 2, 21, 2, 21, 8]]" \
  "box_clipped: train.json: annotation 5: bbox should lie inside the image, got [15, 2, 6, 6] on 18 x 13"

echo "-- polygons"
annotated 0 "$box, \"area\": 15, \"segmentation\": [[2, 2, 8, 2], [2, 2, 8, 2, 8, 8]]" \
  "short_polygon: train.json: annotation 5: a polygon must have at least 6 numbers, got 4 numbers"
annotated 0 "$box, \"area\": 15, \"segmentation\": [[2, 2, 8, 2, 8, 8, 1], [2, 2, 8, 2, 8, 8]]" \
  "odd_polygon: train.json: annotation 5: a polygon must have an even count of numbers, got 7 numbers"
annotated 0 "$box, \"area\": 15, \"segmentation\": [[2, 2, 8, 2, 8, 6e7]]" \
  "mask_size: train.json: annotation 5: segmentation must fit the image, got coordinate 60000000"

echo "-- empty segmentations"
annotated 0 "$box, \"area\": 15, \"segmentation\": []" \
  "no_segmentation: train.json: annotation 5: an instance without a segmentation trains its box alone, got none"
annotated 0 "\"bbox\": [2, 2, 6, 1.1], \"segmentation\": [[2.1, 2.1, 8, 2.1, 8, 2.2]]" \
  "thin_mask: train.json: annotation 5: segmentation should cover a pixel, got a mask without pixels"
annotated 0 "$box, \"area\": 15, \"segmentation\": [[22, 2, 28, 2, 28, 8]]" \
  "empty_segmentation: train.json: annotation 5: segmentation must cover a pixel, got polygons without extent on 18 x 13"
annotated 0 "\"bbox\": [9, 2, 6, 6], $triangle" \
  "box_off_mask: train.json: annotation 5: bbox should be the box of the mask, got [9, 2, 6, 6] for a mask in [2, 2, 6, 6]"

echo "-- run lengths"
annotated 0 "$box, \"area\": 15, \"segmentation\": {\"size\": [18, 13], \"counts\": [0, 15, 219]}" \
  "mask_size: train.json: annotation 5: segmentation must fit the image, got a mask of 18 x 13 on an image of 13 x 18 (height x width)"
annotated 0 "$box, \"area\": 15, \"segmentation\": {\"size\": [13, 18], \"counts\": [0, 15, 218]}" \
  "mask_size: train.json: annotation 5: segmentation must fit the image, got broken run lengths (rle: counts must sum to height * width = 234, got 233)"
annotated 0 "$box, \"area\": 15, \"segmentation\": {\"size\": [13, 18], \"counts\": \"0?k~\"}" \
  "mask_size: train.json: annotation 5: segmentation must fit the image, got broken run lengths (rle: characters must be 48 to 111, got byte 126 at character 3)"

echo "-- crowds, ids of 0, areas, single pixels: warnings"
annotated 0 "$box, \"iscrowd\": 1, $triangle" \
  "crowd_polygon: train.json: annotation 5: a crowd should have run lengths, got polygons"
write "$image" "$(annotation 0 "$box, $triangle")"
finds 0 "id_zero: train.json: annotation 0: id should not be 0, which the reference evaluation counts as unmatched, got 0"
annotated 0 "$box, \"area\": 36, \"segmentation\": [[2, 2, 8, 2, 8, 8]]" \
  "area_disagrees: train.json: annotation 5: area should be that of the mask within 10 %, got 36 for a mask of 15 pixels"
annotated 0 "\"bbox\": [2, 2, 1, 1], \"segmentation\": [[2, 2, 3, 2, 3, 3, 2, 3]]" \
  "tiny_box: train.json: annotation 5: bbox should be larger than a pixel, got [2, 2, 1, 1]"

echo "-- ids"
write "$image, {\"id\": 1, \"file_name\": \"grey.png\", \"width\": 18, \"height\": 13}" ""
finds 3 "duplicate_image_id: train.json: image 1: ids must be unique, got 1 again, for \"grey.png\""
write "$image" "$(annotation 101 "$box, $triangle")"
finds 3 "duplicate_annotation_id: train.json: annotation 101: ids must be unique, got 101 again"
write "$image" "" '{"id": 7, "name": "cell"}, {"id": 7, "name": "platelet"}'
finds 3 "duplicate_category_id: train.json: category 7: ids must be unique, got 7 again, for \"platelet\""
write "$image" "$(annotation 5 "$box, $triangle" 99)"
finds 3 "unknown_image: train.json: annotation 5: image_id must be in images, got 99"
write "$image" "$(annotation 5 "$box, $triangle" 1 99)"
finds 3 "unknown_category: train.json: annotation 5: category_id must be in categories, got 99"

echo "-- names"
write "$image" "" '{"id": 7, "name": "cell"}, {"id": 8, "name": "cell"}'
finds 0 "duplicate_category_name: train.json: category 8: names should be unique, got \"cell\", which category 7 has too"
# with_image STATUS MEMBERS LINE...: a second image, with an annotation
with_image() {
  local status=$1
  write "$image, {\"id\": 2, $2}" "$(annotation 5 "$box, $triangle" 2)"
  shift 2
  finds "$status" "$@"
}
with_image 0 '"file_name": "rgb.png", "width": 18, "height": 13' \
  "duplicate_file_name: rgb.png: image 2: file_name should be unique, got \"rgb.png\", which image 1 has too"
write "$image, {\"id\": 2, \"file_name\": \"grey.png\", \"width\": 18, \"height\": 13}" ""
finds 0 "no_annotations: grey.png: image 2: an image should have annotations, got none"

echo "-- files"
with_image 3 '"file_name": "none.png", "width": 18, "height": 13' \
  "missing_file: none.png: image 2: the file must exist, got images/none.png"
with_image 3 '"width": 18, "height": 13' \
  "missing_member: train.json: image 2: file_name is missing"
with_image 3 '"file_name": "", "width": 18, "height": 13' \
  "missing_file: train.json: image 2: the file must exist, got no file_name"
with_image 3 '"file_name": "grey.png", "height": 13' \
  "missing_member: train.json: image 2: width is missing"
with_image 3 '"file_name": "grey.png", "width": 0, "height": 13' \
  "size_mismatch: grey.png: image 2: width and height must be those of the decoded file, got 0 x 13 for a file of 18 x 13"
with_image 3 '"file_name": "text.jpg", "width": 18, "height": 13' \
  "unreadable_image: text.jpg: image 2: is a text file, not a JPEG or PNG"
with_image 3 '"file_name": "cut.jpg", "width": 18, "height": 13' \
  "unreadable_image: cut.jpg: image 2: damaged or unsupported JPEG: ends after 200 bytes"
with_image 3 '"file_name": "grey.png", "width": 20, "height": 13' \
  "size_mismatch: grey.png: image 2: width and height must be those of the decoded file, got 20 x 13 for a file of 18 x 13"
printf 'RIFF1234WEBPVP8 ' >images/new.jpg
with_image 3 '"file_name": "new.jpg", "width": 18, "height": 13' \
  "unreadable_image: new.jpg: image 2: is a WebP file; convert it to PNG or JPEG"
cp images/grey.png images/grey.jpg
with_image 0 '"file_name": "grey.jpg", "width": 18, "height": 13'
with_image 0 "\"file_name\": \"$work/images/grey.png\", \"width\": 18, \"height\": 13"
with_image 3 '"file_name": "../images/grey.png", "width": 18, "height": 13' \
  "bad_file_name: train.json: image 2: file_name must name a file in the folder of images, got \"../images/grey.png\", which leaves it; data.allow_parent_folders=true allows that"
expect 0 "" "$bin/check_data" --annotations train.json --images images --quiet data.allow_parent_folders=true

echo "-- a photograph that EXIF turns: 18 x 13 pixels are stored, viewers show 13 x 18"
with_image 0 '"file_name": "orientation_6.jpg", "width": 13, "height": 18'
with_image 3 '"file_name": "orientation_6.jpg", "width": 18, "height": 13' \
  "size_mismatch: orientation_6.jpg: image 2: width and height must be those of the decoded file, got 18 x 13 for a file of 13 x 18 (stored as 18 x 13, which EXIF orientation 6 turns)"

echo "-- boxes only, as some exports are"
sound_before=$sound
sound=$(for id in 101 102; do annotation $id "$box, \"segmentation\": []"; done | sed '$!s/$/,/')
write "$image" ""
no_masks="train.json: no instance has a segmentation; set model.mask.enabled=false to train boxes only"
check >stdout 2>stderr
[ $? = 3 ] || fail "a file without masks was accepted"
grep -qx "training would refuse these data: $no_masks" stdout || fail "no refusal: $(cat stdout)"
printf '[data]\ntrain_annotations = "train.json"\ntrain_images = "images"\nval_annotations = ""\n' >run.toml
expect 3 "train_coco: $no_masks" "$bin/train_coco" --config run.toml --out run --quiet
expect 0 "" check train.json model.mask.enabled=false
grep -q "^training would start" stdout || fail "boxes are refused: $(cat stdout)"
sound=$sound_before

echo "-- nothing but specks"
sound=$(for id in 101 102; do annotation $id '"bbox": [2, 2, 0.5, 0.5], "segmentation": [[2, 2, 8, 2, 8, 8]]'; done | sed '$!s/$/,/')
write "$image" ""
specks="train.json: training needs at least one bbox that covers a pixel of its image, got none in 2 instances; the largest is annotation 101, [2, 2, 0.5, 0.5]"
check >stdout 2>stderr
[ $? = 3 ] || fail "a file of specks was accepted"
grep -qxF "training would refuse these data: $specks" stdout || fail "no refusal: $(cat stdout)"
expect 3 "train_coco: train.json: training needs at least one bbox that covers a pixel *" \
  "$bin/train_coco" --config run.toml --out run --quiet
[ "$(cat stderr)" = "train_coco: $specks" ] || fail "another sentence: $(cat stderr)"
sound=$sound_before

echo "-- too many degenerate instances: the sentence of training, which names the key"
write "$image" "$(for id in $(seq 11); do annotation "$id" "\"bbox\": [2, 2, 0, 6], $triangle"; done |
  sed '$!s/$/,/')"
check >stdout 2>stderr
[ $? = 3 ] || fail "11 degenerate instances of 211 were accepted"
refusal="train.json: at most 1 % of the instances may be degenerate or 10 where that is at most half, got 11 of 211; data.max_bad_fraction=0.053 allows it"
for id in 1 2 3 4 5; do
  refusal+="; annotation $id: bbox width and height must be positive, got [2, 2, 0, 6]"
done
grep -qxF "training would refuse these data: $refusal" stdout || fail "no refusal: $(tail -1 stdout)"
grep -qx " dropped  empty_box                11" stdout || fail "no count: $(cat stdout)"
"$bin/train_coco" --config run.toml --out run --quiet >stdout 2>stderr
[ $? = 3 ] || fail "training accepts what check_data refuses"
[ "$(cat stderr)" = "train_coco: $refusal" ] || fail "another sentence: $(cat stderr)"
expect 0 "" check train.json data.max_bad_fraction=0.053
expect 2 "check_data: *data.max_bad_fraction*" check train.json data.max_bad_fraction=2

echo "-- all faults of an exporter at once: text for ids, flat polygons, repeated categories"
flat='"bbox": [2, 2, 6, 6], "area": 15, "segmentation": [2, 2, 8, 2, 8, 8]'
write "$image" "$(annotation 5 "$flat" '"1"'), $(annotation 6 "$flat" '"1"')" \
  '{"id": 7, "name": "cell"}, {"id": 7, "name": "cell"}'
number="image_id must be a whole number of at most 2^53, got \"1\""
polygon="segmentation must be a list of polygons, got a flat list of numbers; write [[x, y, …]]"
finds 3 "malformed: train.json: annotation 5: $number" "malformed: train.json: annotation 5: $polygon" \
  "malformed: train.json: annotation 6: $number" "malformed: train.json: annotation 6: $polygon" \
  "duplicate_category_id: train.json: category 7: ids must be unique, got 7 again, for \"cell\""

echo "-- many defects of one class are counted, a rare one among them is shown, JSON has all"
write "$image" "$(for id in $(seq 1 37); do annotation "$id" "$box, $triangle" '"1"'; done |
  sed 's/$/,/') $(annotation 38 '"bbox": "wide"')"
check >stdout 2>stderr
[ $? = 3 ] || fail "malformed annotations were accepted"
[ "$(grep -c '^malformed: .*image_id must' stdout)" = 10 ] || fail "not 10 lines: $(cat stdout)"
grep -qx "malformed: … and 27 more of image_id" stdout || fail "no count: $(cat stdout)"
grep -qx 'malformed: train.json: annotation 38: bbox must be a list of 4 numbers, got "wide"' stdout ||
  fail "the rare defect is hidden: $(cat stdout)"
grep -qx "   fatal  malformed                38" stdout || fail "no sum: $(cat stdout)"
"$bin/check_data" --annotations train.json --images images --json - >stdout 2>stderr
[ "$(grep -o '"class":"malformed"' stdout | wc -l)" = 38 ] || fail "JSON lacks some: $(cat stdout)"

echo "-- the report as JSON"
write "$image" "$(for id in $(seq 11); do annotation "$id" "\"bbox\": [2, 2, 0, 6], $triangle"; done |
  sed '$!s/$/,/')"
check_json() {
  "$bin/check_data" --annotations train.json --images images --json "$1" >stdout 2>stderr
  [ $? = 3 ] || fail "--json $1 changes the exit status"
}
check_json report.json
[ "$(wc -l <stdout)" = 15 ] || fail "--json FILE changes the text: $(cat stdout)"
check_json -
same report.json stdout
grep -q '"trainable":false,"refusal":"train.json: at most .* got \[2, 2, 0, 6\]","end":"","counts":{"empty_box":11},"defects":\[{"class":"empty_box","severity":"dropped","file":"train.json","id":1,"value":"\[2, 2, 0, 6\]"}' \
  stdout || fail "unexpected report: $(cat stdout)"

echo "-- what cannot be checked at all"
echo '{"images": [], "categories": []}' >train.json
expect 3 "check_data: train.json: the list annotations is missing" check
echo '{"images": [' >train.json
expect 3 "check_data: train.json: a list must end with ], got the end of the file at byte *" check
echo '{"images": [{"id": "1", "x": tru}]}' >train.json
expect 3 "check_data: train.json: images\[0]: x must be valid JSON, got tru" check
printf '\377\376{\0' >train.json
expect 3 "check_data: train.json: is UTF-16; save it as UTF-8" check
expect 3 "check_data: none.json: cannot be opened: No such file or directory" check none.json
expect 3 "check_data: images: cannot be read: Is a directory" check images
write "$image" ""
expect 3 "check_data: nowhere: must be a folder of images" \
  "$bin/check_data" --annotations train.json --images nowhere
expect 3 "check_data: train.json: must be a folder of images" \
  "$bin/check_data" --annotations train.json --images train.json
expect 2 "check_data: --images DIR is required" "$bin/check_data" --annotations train.json
expect 2 "check_data: *--image*--images*" "$bin/check_data" --annotations train.json --image images
[ ! -s stdout ] || fail "a refused command line writes to stdout"

finish "check_data: every defect was named"
