#!/usr/bin/env bash
# evaluate_coco from the outside, on results files: the numbers and where they go, the treatment of
# incomplete files that the reference crashes on, and one sentence with the right exit status for
# every other one.
#   evaluate_coco_test.sh SOURCE_DIR BIN_DIR
. "$1/tests/testing/program_test.sh"
evaluate() { "$bin/evaluate_coco" --gt truth.json --dt found.json "$@"; }

mask='"segmentation": {"size": [100, 100], "counts": [1010, 20, 80, 20, 8870]}'
# truth ANNOTATION...: truth.json, every member but the ids as given
truth() {
  local list=$1
  shift
  for more in "$@"; do list+=", $more"; done
  cat >truth.json <<END
{"images": [{"id": 1, "width": 100, "height": 100}],
 "categories": [{"id": 3, "name": "dog"}, {"id": 5, "name": "dog"}, {"id": 6, "name": "cat"}],
 "annotations": [$list]}
END
}
object() { # ID CATEGORY
  echo "{\"id\": $1, \"image_id\": 1, \"category_id\": $2, \"iscrowd\": 0, \"area\": 40,
    \"bbox\": [10, 10, 2, 20], $mask}"
}
found() { # MEMBERS [IMAGE [CATEGORY]]: found.json with one result
  echo "[{\"image_id\": ${2:-1}, \"category_id\": ${3:-3}, \"score\": 0.5, $1}]" >found.json
}
box='"bbox": [10, 10, 2, 20]'
number() { # TYPE NAME: from the JSON report on stdout
  sed -E "s/.*\"$1\":\{[^}]*\"$2\":([0-9.eE+-]+).*/\1/" stdout
}
is() { # TYPE NAME VALUE: but for the 2^-52 in the reference's precision
  awk -v got="$(number "$1" "$2")" -v wanted="$3" 'BEGIN { exit !((got - wanted) ^ 2 < 1e-24) }' ||
    fail "$1 $2 must be $3, got $(cat stdout)"
}

echo "-- 12 lines a type, in the reference's words"
truth "$(object 1 3)"
found "$box, $mask"
expect 0 "" evaluate --iou bbox
cat >wanted <<'END'
 Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000
 Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 1.000
 Average Precision  (AP) @[ IoU=0.75      | area=   all | maxDets=100 ] = 1.000
 Average Precision  (AP) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = 1.000
 Average Precision  (AP) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = -1.000
 Average Precision  (AP) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = -1.000
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=  1 ] = 1.000
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets= 10 ] = 1.000
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000
 Average Recall     (AR) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = 1.000
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = -1.000
 Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = -1.000
END
same wanted stdout
expect 0 "" evaluate
[ "$(wc -l <stdout)" = 24 ] || fail "boxes and masks give $(wc -l <stdout) lines"

echo "-- where the numbers go"
expect 0 "" evaluate --json -
[ "$(wc -l <stdout)" = 1 ] || fail "--json - writes more than the JSON"
cp stdout wanted
is segm AP50 1
is segm APl -1
grep -q '"per_category":{"dog (3)":[0-9.]*,"dog (5)":-1,"cat":-1}' stdout ||
  fail "equal names must carry their ids: $(cat stdout)"
expect 0 "" evaluate --json report.json
[ "$(grep -c '^ Average' stdout)" = 24 ] || fail "--json FILE drops the lines"
same wanted report.json
expect 0 "" evaluate --quiet --json report.json
[ ! -s stdout ] || fail "--quiet keeps the lines"
expect 0 "" evaluate --quiet --iou segm --per-category
printf 'category  segm AP\ndog (3)    100.00\ndog (5)         -\ncat             -\n' >wanted
same wanted stdout
expect 0 "" evaluate --quiet --curves curves.safetensors
for name in bbox.precision segm.precision bbox.scores segm.scores; do
  grep -aq "\"$name\":{\"dtype\":\"F64\",\"shape\":\[10,101,3,4,3\]" curves.safetensors ||
    fail "--curves: no $name"
done
grep -aq '"segm.recall":{"dtype":"F64","shape":\[10,3,4,3\]' curves.safetensors ||
  fail "--curves: no segm.recall"
expect 4 "evaluate_coco: none/report.json: *" evaluate --quiet --json none/report.json
expect 4 "evaluate_coco: none/curves: *" evaluate --quiet --curves none/curves

echo "-- incomplete files"
echo '[]' >found.json
expect 0 "" evaluate --json -
is bbox AP 0
expect 0 "" evaluate --iou segm --json -
is segm AR100 0
found "$box"
expect 3 "evaluate_coco: found.json: result\[0]: segmentation is missing" evaluate --iou bbox,segm
expect 0 "" evaluate --iou bbox
found "$mask"
expect 3 "evaluate_coco: found.json: result\[0]: bbox is missing" evaluate --iou bbox
expect 0 "" evaluate
[ "$(wc -l <stdout)" = 12 ] || fail "masks alone give $(wc -l <stdout) lines"
found '"keypoints": []'
expect 3 "evaluate_coco: found.json: result\[0]: bbox is missing, result\[0]: segmentation is missing; every result must have a bbox, or every one a segmentation, or every one keypoints" \
  evaluate
found '"bbox": [0, 0, 500, 500], "segmentation": {"size": [100, 100], "counts": "bo0d0`20fb8"}'
expect 0 "" evaluate --iou segm --json -
is segm APs 1 # the mask's area, whatever bbox says
truth '{"id": 1, "image_id": 1, "category_id": 3, "bbox": [10, 10, 2, 20], '"$mask"'}' \
  '{"id": 2, "image_id": 1, "category_id": 3, "bbox": [50, 50, 2, 20]}'
found "$box"
expect 0 "warning: truth.json: 2 annotations have no area; that of the mask, else of the box, was taken" \
  evaluate --json -
is bbox ARs 0.5


echo "-- masks need no boxes, boxes of the ground truth are those of its masks"
truth '{"id": 1, "image_id": 1, "category_id": 3, "area": 400, '"$mask"'}'
found "$mask" 1.0
expect 0 "warning: truth.json: 1 annotations have no bbox; that of the segmentation was taken" \
  evaluate --iou segm --json -
is segm AP 1
found "$box"
expect 0 "warning: truth.json: 1 annotations have no bbox; that of the segmentation was taken" \
  evaluate --iou bbox --json -
is bbox AP 1
truth '{"id": 1, "image_id": 1, "category_id": 3, "area": 400}'
expect 3 "evaluate_coco: truth.json: annotation 1: bbox is missing; check_data lists all defects" evaluate

echo "-- ground truth with a malformed annotation gives no numbers"
truth "$(object 1 3)" '{"id": 2, "image_id": "1", "category_id": 3, "bbox": [1, 1, 2, 2]}'
expect 3 'evaluate_coco: truth.json: annotation 2: image_id must be a whole number of at most 2^53, got "1"; check_data lists all defects' \
  evaluate

echo "-- ids"
truth "$(object 1 3)"
found "$box" 8
expect 3 "evaluate_coco: found.json: result\[0]: image_id must be in truth.json, got 8" evaluate
found "$box" 1 77
expect 0 "warning: 1 detections of categories that are not in truth.json were left out, such as category_id 77" \
  evaluate --json -
is bbox AP 0
found "$box"
truth "$(object 0 3)"
expect 0 "warning: truth.json: annotation 0: an id of 0 counts as unmatched, as in pycocotools; give it another id" \
  evaluate --json -
is bbox AP50 0
expect 0 "" evaluate --json - --coco-compat off
is bbox AP50 1
truth "$(object 4 3)" "$(object 4 5)"
expect 0 "warning: truth.json: annotation 4: ids must be unique, got 4 again; the last annotation of an id stands for all" \
  evaluate --json -
is bbox AP50 0
expect 0 "" evaluate --json - --coco-compat off
is bbox AP50 0.5
truth "$(object 1 3)" "$(object 2 99)" "$(object 3 99)"
expect 0 "warning: truth.json: annotation 2: category_id must be in categories, got 99; 2 such in all" \
  evaluate

echo "-- keypoints: 10 lines, with sigmas of their own where they are not COCO's"
cat >truth.json <<'END'
{"images": [{"id": 1, "width": 100, "height": 100}],
 "categories": [{"id": 3, "name": "dog", "keypoints": ["nose", "tail"], "skeleton": [[1, 2]]}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "iscrowd": 0, "area": 1600, "bbox": [10, 10, 40, 40],
                  "num_keypoints": 2, "keypoints": [12, 12, 2, 25, 25, 1]}]}
END
found '"keypoints": [12, 12, 1, 25, 25, 1]'
expect 3 "evaluate_coco: truth.json: OKS needs a sigma for each of its 2 keypoints, got COCO's 17; --sigmas or eval.keypoint_sigmas give them" \
  evaluate
expect 0 "" evaluate --sigmas 0.1,0.1
cat >wanted <<'END'
 Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] = 1.000
 Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets= 20 ] = 1.000
 Average Precision  (AP) @[ IoU=0.75      | area=   all | maxDets= 20 ] = 1.000
 Average Precision  (AP) @[ IoU=0.50:0.95 | area=medium | maxDets= 20 ] = 1.000
 Average Precision  (AP) @[ IoU=0.50:0.95 | area= large | maxDets= 20 ] = -1.000
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] = 1.000
 Average Recall     (AR) @[ IoU=0.50      | area=   all | maxDets= 20 ] = 1.000
 Average Recall     (AR) @[ IoU=0.75      | area=   all | maxDets= 20 ] = 1.000
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=medium | maxDets= 20 ] = 1.000
 Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets= 20 ] = -1.000
END
same wanted stdout
# 8 pixels off is a standard deviation: OKS = (1 + exp(-1/2)) / 2 = 0.803.
found '"keypoints": [20, 12, 1, 25, 25, 1]'
expect 0 "" evaluate --sigmas 0.1,0.1 --json -
is keypoints AR 0.7
found '"bbox": [10, 10, 40, 40], "keypoints": [12, 12, 1, 25, 25, 1]'
expect 0 "" evaluate --sigmas 0.1,0.1
[ "$(wc -l <stdout)" = 22 ] || fail "boxes and keypoints give $(wc -l <stdout) lines"

echo "-- PASCAL VOC's mAP beside COCO's numbers"
hard=$(object 2 3)
truth "$(object 1 3)" "${hard%\}}, \"difficult\": 1}"
found '"bbox": [10, 10, 2, 15]'
expect 0 "" evaluate --voc 07
[ "$(tail -1 stdout)" = " Mean Average Precision     @[ IoU=0.50      | PASCAL VOC 2007          ] = 1.000" ] ||
  fail "no line of VOC: $(tail -1 stdout)"
[ "$(wc -l <stdout)" = 13 ] || fail "VOC's line takes others away"
expect 0 "" evaluate --quiet --voc 10 --per-category
printf 'category  voc10 AP\ndog (3)    100.00\ndog (5)         -\ncat             -\n' >wanted
tail -4 stdout >table
same wanted table
expect 0 "" evaluate --voc 10 --json -
is voc10 mAP 1
found "$mask"
expect 3 "evaluate_coco: found.json: result\[0]: bbox is missing" evaluate --voc 07

echo "-- files that are none"
truth "$(object 1 3)"
echo '{"results": []}' >found.json
expect 3 'evaluate_coco: found.json: the top level must be a list, got "{\\"results\\": \[]}*" at byte 0' evaluate
echo '[{"image_id": 1, "category_id": 3, "score": NaN}]' >found.json
expect 3 "evaluate_coco: found.json: result\[0]: score must be a finite number, got NaN" evaluate
echo '[{"image_id": 1, "category_id": 3}]' >found.json
expect 3 "evaluate_coco: found.json: result\[0]: score is missing" evaluate
found '"segmentation": {"size": [100, 100], "counts": [9999]}'
expect 3 "evaluate_coco: found.json: result\[0]: segmentation: rle: counts must sum to height \* width = 10000, got 9999" \
  evaluate
truth "$(object 1 3)"
expect 3 "evaluate_coco: .: cannot be read: Is a directory" \
  "$bin/evaluate_coco" --gt truth.json --dt .
found "$box"
echo '{"annotations": []}' >truth.json
expect 3 "evaluate_coco: truth.json: the list images is missing" evaluate
expect 3 "evaluate_coco: none.json: cannot be opened: No such file or directory" \
  "$bin/evaluate_coco" --gt none.json --dt found.json

echo "-- command lines"
expect 2 "evaluate_coco: --iou: must list bbox, segm or keypoints, got masks" evaluate --iou masks
expect 2 "evaluate_coco: --sigmas: must list positive numbers, got -0.1" evaluate --sigmas 0.1,-0.1
expect 2 "evaluate_coco: --coco-compat: must be strict or off, got loose" evaluate --coco-compat loose
expect 2 "evaluate_coco: --voc: must be 07 or 10, got 12" evaluate --voc 12
expect 2 "evaluate_coco: --voc: scores boxes, which --iou segm leaves out" evaluate --voc 07 --iou segm
expect 2 "evaluate_coco: --dt FILE is required without --run" "$bin/evaluate_coco" --gt truth.json
expect 2 "evaluate_coco: --gt does not go with --run" evaluate --run run
expect 2 "evaluate_coco: --images needs --run" evaluate --images images

finish "evaluate_coco: every file was scored or refused"
