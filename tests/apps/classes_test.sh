#!/usr/bin/env bash
# Class lists that differ between files, from the outside: a validation set, weights of another
# detector, results for a data set and a resumed run whose annotations changed.
#   classes_test.sh SOURCE_DIR BIN_DIR
. "$1/tests/testing/program_test.sh"
config=$source_dir/tests/data_files/training/small_run.toml

train() {
  "$bin/train_coco" --config "$config" --threads 1 --quiet data.root=shapes solver.max_iter=4 \
    solver.steps=4 "$@"
}
# relabel FILE CUP PLATE CATEGORIES: gives shapes/annotations/FILE this list of categories; what was
# $cups and $plates there gets the ids CUP and PLATE.
relabel() {
  sed -i -E -e "s/\"category_id\": ${cups:-3},/\"category_id\": @$2,/" \
    -e "s/\"category_id\": ${plates:-5},/\"category_id\": $3,/" -e 's/@//' \
    -e '/^\{"id": [0-9]+, "name":/d' -e "s/^\"categories\": \[.*/\"categories\": [$4],/" \
    "shapes/annotations/$1"
}
fresh() { rm -rf shapes && cp -r made shapes; }
"$bin/make_shapes" --out made --images 12 --val 4 --size 64 --classification 0 --quiet >/dev/null ||
  exit 1
fresh
for file in instances_train.json instances_val.json; do
  cups='[1-4]' plates='[0-9]+' relabel $file 3 5 \
    '{"id": 3, "name": "cup"}, {"id": 5, "name": "plate"}'
done
rm -r made && cp -r shapes made

echo "-- validation: by name, whatever the ids; an unknown class is refused, or left out if asked"
expect 0 "" train --out plain
cp stdout plain.txt
relabel instances_val.json 4 3 '{"id": 3, "name": "plate"}, {"id": 4, "name": "cup"}'
expect 0 "" train --out turned
sed 's/turned/plain/' stdout >turned.txt
same turned.txt plain.txt
same turned/checkpoints/last/model.safetensors plain/checkpoints/last/model.safetensors
sed -i 's/^"categories": \[/&{"id": 9, "name": "fork"}, /' shapes/annotations/instances_val.json
expect 3 "train_coco: shapes/annotations/instances_val.json: category 9 (fork) is not in shapes/annotations/instances_train.json; eval.ignore_unknown_classes=true leaves such categories out of the scores" \
  train --out run
absent run
expect 0 "warning: shapes/annotations/instances_val.json: category 9 (fork) is not in *; left out of the scores with 0 annotations" \
  train --out run eval.ignore_unknown_classes=true
sed 's|: run\b|: plain|' stdout >run.txt
same run.txt plain.txt

echo "-- evaluate_coco --run: the same rule"
evaluate() {
  "$bin/evaluate_coco" --threads 1 --quiet --per-category --run plain --images shapes/val \
    --annotations "$@"
}
expect 0 "" evaluate made/annotations/instances_val.json
sort stdout >by_class
expect 3 "evaluate_coco: shapes/annotations/instances_val.json: category 9 (fork) is not in plain/checkpoints/last/model.safetensors; --ignore-unknown-classes leaves such categories out of the scores" \
  evaluate shapes/annotations/instances_val.json
expect 0 "warning: shapes/annotations/instances_val.json: category 9 (fork) is not in *" \
  evaluate shapes/annotations/instances_val.json --ignore-unknown-classes
sort stdout >turned_by_class
same turned_by_class by_class
expect 2 "evaluate_coco: --ignore-unknown-classes needs --run" \
  "$bin/evaluate_coco" --gt a.json --dt b.json --ignore-unknown-classes

echo "-- names that stand twice: ids decide, or one sentence"
fresh
relabel instances_val.json 3 5 '{"id": 3, "name": "plate"}, {"id": 5, "name": "plate"}'
expect 3 "train_coco: shapes/annotations/instances_val.json: category 3 (plate): a name that stands twice is told by its id, but category 3 is cup in shapes/annotations/instances_train.json; give every category a name of its own" \
  train --out twice
absent twice

echo "-- detect: results carry the data set's ids"
fresh
relabel instances_val.json 4 3 '{"id": 4, "name": "cup"}, {"id": 3, "name": "saucer"}'
detect() {
  "$bin/detect" --threads 1 --quiet --run plain --images shapes/val --score-threshold 0 "$@"
}
expect 0 "warning: shapes/annotations/instances_val.json: has no category for 1 of 2 classes of plain/checkpoints/last/model.safetensors (plate); they are left out of the results" \
  detect --out found --annotations shapes/annotations/instances_val.json
[ "$(grep -o '"category_id":[0-9]*' found/results.json | sort -u)" = '"category_id":4' ] ||
  fail "detect: category ids are not the data set's"

echo "-- model.weights: rows by name"
fresh
relabel instances_train.json 7 2 '{"id": 7, "name": "cup"}, {"id": 2, "name": "plate"}, {"id": 4, "name": "fork"}'
train --out weights data.val_annotations= model.weights=plain/checkpoints/last/model.safetensors \
  >/dev/null 2>&1
grep -q 'detector: .*; predictor rows copied for: plate, cup (2); new, at random: fork (1)$' \
  weights/log.txt || fail "model.weights: $(grep detector: weights/log.txt)"

echo "-- evaluate_coco --run: names that leave the folder, refused or allowed by an option of its own"
sed 's|"file_name": "|&../val/|' made/annotations/instances_val.json >above.json
expect 3 "evaluate_coco: above.json: image * must name a file in the folder of images, got \"../val/*\", which leaves it; --allow-parent-folders allows that; 4 of 4 images cannot be used" \
  evaluate above.json
expect 0 "" evaluate above.json --allow-parent-folders
sort stdout >above_by_class
same above_by_class by_class
expect 2 "evaluate_coco: --allow-parent-folders needs --run" \
  "$bin/evaluate_coco" --gt above.json --dt above.json --allow-parent-folders

echo "-- resume: paths may change, classes never, images and instances where allowed"
fresh
further() { train --out "$1" --resume solver.max_iter=6 "${@:2}"; }
before() { rm -rf again && cp -r plain again && rm -f again/result.txt; }
before
mv shapes moved
expect 0 "" further again data.root=moved
before
mv moved shapes
cp -r again untouched
relabel instances_train.json 3 6 '{"id": 3, "name": "cup"}, {"id": 6, "name": "saucer"}'
for allowed in false true; do
  expect 3 "train_coco: shapes/annotations/instances_train.json: a resumed run must keep its classes: 5 (plate) vanished, 6 (saucer) appeared" \
    further again data.allow_changes=$allowed
done
fresh
sed -i '0,/"area": /s//"area": 1/' shapes/annotations/instances_train.json
expect 3 "train_coco: shapes/annotations/instances_train.json: has other annotations (36 before and now) since iter_0000004; data.allow_changes=true resumes all the same" \
  further again
diff -r again untouched >/dev/null || fail "a refused resume changed: $(diff -rq again untouched)"
expect 0 "warning: shapes/annotations/instances_train.json: has other annotations (36 before and now) since iter_0000004" \
  further again data.allow_changes=true
grep -q '^.*warning: .*has other annotations' again/log.txt || fail "the log does not tell of it"

finish "classes: told by their names everywhere"
