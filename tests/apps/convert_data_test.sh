#!/usr/bin/env bash
# convert_data from the outside: an export of each tool becomes a file that check_data calls sound, what
# was dropped is told, and nothing is written where the export is none.
#   convert_data_test.sh SOURCE_DIR BIN_DIR
. "$1/tests/testing/program_test.sh"
picture=$source_dir/tests/data_files/image/rgb.png # 18 wide, 13 high
mkdir -p voc/Annotations voc/JPEGImages yolo/images/train yolo/labels/train labelme via cvat/images
cp "$picture" voc/JPEGImages/a.png
cp "$picture" yolo/images/train/a.png
for folder in labelme via cvat/images; do cp "$picture" $folder/a.png; done

cat >voc/Annotations/a.xml <<'END'
<annotation><filename>a.png</filename><size><width>18</width><height>13</height></size>
<object><name>cell</name><difficult>0</difficult><bndbox><xmin>3</xmin><ymin>3</ymin><xmax>8</xmax><ymax>8</ymax></bndbox></object>
<object><name>cell</name><bndbox><xmin>40</xmin><ymin>3</ymin><xmax>48</xmax><ymax>8</ymax></bndbox></object>
</annotation>
END
echo "0 0.277777777777 0.384615384615 0.333333333333 0.461538461538" >yolo/labels/train/a.txt
printf 'path: x\nnames:\n  0: cell\n' >yolo/mine.yaml
cat >labelme/a.json <<'END'
{"imagePath": "a.png", "imageHeight": 13, "imageWidth": 18, "shapes":
 [{"label": "cell", "points": [[2, 2], [8, 8]], "group_id": null, "shape_type": "rectangle"}]}
END
cat >via/regions.json <<'END'
{"a.png1": {"filename": "a.png", "size": 1, "regions": [{"shape_attributes":
 {"name": "rect", "x": 2, "y": 2, "width": 6, "height": 6}, "region_attributes": {"type": "cell"}}]}}
END
cat >cvat/annotations.xml <<'END'
<annotations><image id="0" name="a.png" width="18" height="13">
<box label="cell" xtl="2" ytl="2" xbr="8" ybr="8"/></image></annotations>
END

# converts FORMAT IN IMAGES DROPPED [OPTION...]: to one cell of 6 x 6 pixels at (2, 2).
converts() {
  "$bin/convert_data" --from "$1" --in "$2" --out "$1.json" --quiet "${@:5}" >said 2>told ||
    fail "$1: exit status $?, $(cat told)"
  grep -qx "$1.json: images: 1 in $3, objects: 1, classes: 1, dropped: $4" said || fail "$1 said $(cat said)"
  grep -q '"name":"cell"' "$1.json" || fail "$1: no class cell in $(cat "$1.json")"
  sed 's/.*"bbox":\[\([^]]*\)\].*/\1/' "$1.json" | awk -F, '
    { ok = NF == 4; split("2 2 6 6", want, " ")
      for (i = 1; i <= 4; i++) if ($i - want[i] > 1e-6 || want[i] - $i > 1e-6) ok = 0
      exit !ok }' || fail "$1: another box in $(cat "$1.json")"
  "$bin/check_data" --annotations "$1.json" --images "$3" --quiet model.mask.enabled=false >checked 2>&1 ||
    fail "$1: check_data says $(cat checked)"
}
converts voc voc voc/JPEGImages 1 --dropped dropped.txt
grep -qx 'voc/Annotations/a.xml, object 2: covers nothing of the image of 18 x 13: x 39, y 2, width 9, height 6' \
  dropped.txt || fail "what was dropped must be listed: $(cat dropped.txt)"
grep -q 'dropped voc/Annotations/a.xml, object 2: covers nothing' told || fail "and told: $(cat told)"
converts yolo yolo yolo/images/train 0 --split train
converts labelme labelme labelme 0
converts via via/regions.json via/ 0
converts cvat cvat cvat/images 0

# refused STATUS SENTENCE ARGUMENT...
refused() {
  local status=0
  "$bin/convert_data" --out never.json --quiet "${@:3}" >said 2>told || status=$?
  [ $status -eq "$1" ] || fail "'$2' must end with $1, got $status"
  [ "$(cat told)" = "convert_data: $2" ] || fail "wanted '$2', got '$(cat told)'"
  [ ! -e never.json ] || fail "'$2': a file was written"
}
refused 2 "--from: must be voc, yolo, labelme, via or cvat, got coco" --from coco --in voc
refused 3 "nosuch: must be a folder, got 'No such file or directory'" --from voc --in nosuch
refused 3 "labelme: holds no .xml of PASCAL VOC" --from voc --in labelme
refused 3 "voc: must hold labels/val, or val/labels" --from yolo --in voc --split val
mkdir empty && cp "$picture" empty/a.png && echo cell >empty/classes.txt
refused 3 "empty: no object is left, of 1 images" --from yolo --in empty

finish "convert data: five formats become COCO files that training takes"
