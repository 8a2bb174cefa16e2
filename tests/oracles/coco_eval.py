"""pycocotools' answers on random cases (coco_cases.py), as digests and some of them in full.

    python tests/oracles/coco_eval.py tests/data_files/coco_evaluation

writes digests.txt (a line per block of cases: a digest of precision, recall, scores and the 12
numbers, boxes then masks; before them, how many cases hit each quirk of the reference) and
full_cases.json (30 cases with their files, recall arrays and numbers).
"""

import contextlib
import copy
import io
import json
import math
import multiprocessing
import sys
from collections import Counter, defaultdict

import numpy as np
from coco_cases import draw_case
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

BLOCKS, CASES_PER_BLOCK, FULL_CASES = 100, 100, 30


def as_coco(dataset):
    coco = COCO()
    coco.dataset = dataset
    coco.createIndex()
    return coco


def evaluate(dataset, detections, iou_type):
    field = "bbox" if iou_type == "bbox" else "segmentation"
    kept = [{k: d[k] for k in ("image_id", "category_id", "score", field)} for d in detections]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = as_coco(copy.deepcopy(dataset))
        if kept:
            found = truth.loadRes(kept)
        else:
            found = as_coco({"images": dataset["images"], "categories": dataset["categories"],
                             "annotations": []})
        run = COCOeval(truth, found, iou_type)
        run.evaluate()
        run.accumulate()
        run.summarize()
    return run


def digest(array):
    bits = np.ascontiguousarray(array, dtype=np.float64).reshape(-1).view(np.uint64)
    with np.errstate(over="ignore"):
        mixed = (bits ^ (bits >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
        return int((mixed * (2 * np.arange(bits.size, dtype=np.uint64) + np.uint64(1))).sum(dtype=np.uint64))


def file_quirks(dataset, detections):
    """Rules that the two files alone show."""
    hit = set()
    truths, ids = dataset["annotations"], Counter(a["id"] for a in dataset["annotations"])
    if any(a.get("ignore") and not a["iscrowd"] for a in truths):
        hit.add("ignore_overwritten")
    if any(n > 1 for n in ids.values()):
        hit.add("duplicate_ids")
    if any(a["area"] in (1024.0, 9216.0) for a in truths):
        hit.add("area_at_range_end")
    if any(a["bbox"][2] == 0 for a in truths):
        hit.add("zero_area_box")
    if any(math.isnan(d["score"]) for d in detections):
        hit.add("nan_score")
    known = {c["id"] for c in dataset["categories"]}
    if any(d["category_id"] not in known for d in detections):
        hit.add("unknown_category")
    for category in known:
        own = [a for a in truths if a["category_id"] == category]
        if not own:
            hit.add("category_without_truth")
        elif all(a["iscrowd"] for a in own):
            hit.add("category_all_crowd")
        if sum(1 for a in own if not a["iscrowd"]) in (20, 40, 60, 80, 100):
            hit.add("recall_point_off_by_an_ulp")
    per_cell = Counter((d["image_id"], d["category_id"]) for d in detections)
    if any(n > 100 for n in per_cell.values()):
        hit.add("more_than_100_detections")
    images_of_score = defaultdict(list)
    for d in detections:
        images_of_score[d["category_id"], d["score"]].append(d["image_id"])
    if any(len(images) > len(set(images)) for images in images_of_score.values()):
        hit.add("tied_scores_in_an_image")
    if any(len(set(images)) > 1 for images in images_of_score.values()):
        hit.add("tied_scores_across_images")
    return hit


def match_quirks(run):
    """Rules of the matching that the IoUs show."""
    hit = set()
    for (image, category), ious in run.ious.items():
        ious = np.asarray(ious)
        own = run._gts[image, category]
        if ious.ndim != 2 or ious.size == 0:
            continue
        if (ious == 0.5).any():
            hit.add("iou_exactly_half")
        if (ious == 0.9).any():
            hit.add("iou_exactly_nine_tenths")
        crowd = np.array([bool(truth["iscrowd"]) for truth in own])
        if (crowd[:-1] & ~crowd[1:]).any():
            hit.add("truths_sorted_ignored_last")
        for g, truth in enumerate(own):
            if truth["id"] == 0 and (ious[:, g] >= 0.5).any():
                hit.add("id_zero_matched")
            if crowd[g] and (ious[:, g] >= 0.5).sum() > 1:
                hit.add("crowd_absorbs_several")
        for row in ious:
            high = row[row >= 0.5]
            if len(set(high)) < len(high):
                hit.add("equal_iou")
            real = row[~crowd].max(initial=0)
            if real >= 0.5 and row[crowd].max(initial=0) > real:
                hit.add("real_match_before_a_better_crowd")
    for entry in run.evalImgs:
        if entry and (entry["dtIgnore"].astype(bool) & (entry["dtMatches"] == 0)).any():
            hit.add("unmatched_outside_range")
    return hit


def curve_quirks(run):
    """Rules of the curves and the 12 numbers."""
    hit = set()
    precision = run.eval["precision"]
    if (precision == 1 / (1 + np.spacing(1))).any():
        hit.add("precision_with_spacing")
    defined = precision[:, :, :, 0, 2][precision[:, :, :, 0, 2] > -1]
    if defined.size and float(np.mean(defined)) != sum(defined.tolist()) / defined.size:
        hit.add("pairwise_mean")
    num_areas, num_images = len(run.params.areaRng), len(run.params.imgIds)
    for k in range(len(run.params.catIds)):
        first = k * num_areas * num_images
        cells = [e for e in run.evalImgs[first:first + num_images] if e]
        if not cells:
            continue
        scores = np.concatenate([e["dtScores"] for e in cells])
        order = np.argsort(-scores, kind="mergesort")
        counted = ~np.concatenate([e["dtIgnore"][0] for e in cells]).astype(bool)[order]
        matched = (np.concatenate([e["dtMatches"][0] for e in cells]) > 0)[order][counted]
        raw = np.cumsum(matched) / np.maximum(np.arange(1, matched.size + 1), 1)
        if (np.diff(raw) > 0).any():
            hit.add("envelope_lifts_precision")
    return hit


def quirks(dataset, detections, run):
    """Names of the reference's rules that this case exercises (boxes)."""
    return file_quirks(dataset, detections) | match_quirks(run) | curve_quirks(run)


def run_block(block):
    digests, counts = [0] * 8, Counter()
    for index in range(block * CASES_PER_BLOCK, (block + 1) * CASES_PER_BLOCK):
        dataset, detections = draw_case(index)
        for i, iou_type in enumerate(("bbox", "segm")):
            run = evaluate(dataset, detections, iou_type)
            arrays = (run.eval["precision"], run.eval["recall"], run.eval["scores"], run.stats)
            for j, array in enumerate(arrays):
                digests[4 * i + j] = (digests[4 * i + j] * 1000003 + digest(array)) % (1 << 64)
            if iou_type == "bbox":
                counts.update(quirks(dataset, detections, run))
    return digests, counts


def full_case(index):
    dataset, detections = draw_case(index)
    case = {"index": index, "ground_truth": dataset,
            "detections": [{**d, "segmentation": {"size": d["segmentation"]["size"],
                                                  "counts": d["segmentation"]["counts"].decode()}}
                           for d in detections if not math.isnan(d["score"])]}
    detections = [d for d in detections if not math.isnan(d["score"])]
    for iou_type in ("bbox", "segm"):
        run = evaluate(dataset, detections, iou_type)
        case[iou_type] = {"stats": run.stats.tolist(), "recall": run.eval["recall"].reshape(-1).tolist(),
                          "precision_digest": "%016x" % digest(run.eval["precision"]),
                          "scores_digest": "%016x" % digest(run.eval["scores"])}
    return case


def main():
    folder = sys.argv[1]
    with multiprocessing.Pool(2) as pool:
        blocks = pool.map(run_block, range(BLOCKS), chunksize=1)
    counts = sum((c for _, c in blocks), Counter())
    with open(folder + "/digests.txt", "w") as out:
        for name, count in sorted(counts.items()):
            out.write(f"quirk {name} {count}\n")
        for digests, _ in blocks:
            out.write("block " + " ".join("%016x" % d for d in digests) + "\n")
    small = [i for i in range(400) if len(draw_case(i)[1]) < 40][:FULL_CASES]
    with open(folder + "/full_cases.json", "w") as out:
        out.write("[" + ",\n".join(json.dumps(full_case(i), separators=(",", ":")) for i in small) + "]\n")


if __name__ == "__main__":
    main()
