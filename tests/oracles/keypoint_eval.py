"""pycocotools' answers on random cases with keypoints (keypoint_cases.py), as digests and some of them
in full.

    NPY_DISABLE_CPU_FEATURES="$(python tests/oracles/keypoint_eval.py --features)" \\
        python tests/oracles/keypoint_eval.py tests/data_files/coco_evaluation

writes keypoint_digests.txt (a line per block of cases: a digest of precision, recall, scores and the
10 numbers; before them, how many cases hit each rule) and keypoint_cases.json (30 cases with their
files, similarities, recall arrays and numbers). Without AVX-512 numpy takes exp from the C library, as
the similarities of the second file need; the first is the same either way.
"""

import contextlib
import copy
import io
import json
import multiprocessing
import sys
from collections import Counter

import numpy as np
from coco_eval import as_coco, digest
from keypoint_cases import draw_case
from pycocotools.cocoeval import COCOeval

BLOCKS, CASES_PER_BLOCK, FULL_CASES = 100, 100, 30


def evaluate(dataset, detections, sigmas):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = as_coco(copy.deepcopy(dataset))
        if detections:
            found = truth.loadRes(copy.deepcopy(detections))
        else:
            found = as_coco({"images": dataset["images"], "categories": dataset["categories"],
                             "annotations": []})
        run = COCOeval(truth, found, "keypoints")
        if sigmas is not None:
            run.params.kpt_oks_sigmas = np.array(sigmas)
        run.evaluate()
        run.accumulate()
        run.summarize()
    return run


def rules(dataset, detections, sigmas, run):
    """Names of the reference's rules of keypoints that this case exercises."""
    hit = set()
    truths = dataset["annotations"]
    labelled = [sum(1 for v in a["keypoints"][2::3] if v > 0) for a in truths]
    if sigmas is not None:
        hit.add("own_sigmas")
    if any(n != a["num_keypoints"] for a, n in zip(truths, labelled)):
        hit.add("num_keypoints_disagrees")
    if any(n and not a["num_keypoints"] and not a["iscrowd"] for a, n in zip(truths, labelled)):
        hit.add("labelled_but_ignored")
    if any(not n and a["num_keypoints"] for a, n in zip(truths, labelled)):
        hit.add("unlabelled_but_counted")
    if any(n and a["iscrowd"] for a, n in zip(truths, labelled)):
        hit.add("crowd_with_keypoints")
    per_cell = Counter((d["image_id"], d["category_id"]) for d in detections)
    if any(n > 20 for n in per_cell.values()):
        hit.add("more_than_20_detections")
    for (image, category), ious in run.ious.items():
        ious = np.asarray(ious)
        if ious.ndim != 2 or ious.size == 0:
            continue
        own = run._gts[image, category]
        for g, truth in enumerate(own):
            bare = not any(v > 0 for v in truth["keypoints"][2::3])
            if bare and (ious[:, g] == 1).any():
                hit.add("inside_the_doubled_box")
            if bare and ((ious[:, g] > 0) & (ious[:, g] < 1)).any():
                hit.add("outside_the_doubled_box")
            if truth["iscrowd"] and (ious[:, g] >= 0.5).sum() > 1:
                hit.add("crowd_absorbs_several")
            if not truth["num_keypoints"] and not truth["iscrowd"] and (ious[:, g] >= 0.5).sum() > 1:
                hit.add("unlabelled_absorbs_one")
        for row in ious:
            high = row[row >= 0.5]
            if len(set(high)) < len(high):
                hit.add("equal_similarity")
        if (ious == 1).any():
            hit.add("similarity_one")
    for entry in run.evalImgs:
        if entry and (entry["dtIgnore"].astype(bool) & (entry["dtMatches"] == 0)).any():
            hit.add("unmatched_outside_range")
    return hit


def run_block(block):
    digests, counts = [0] * 4, Counter()
    for index in range(block * CASES_PER_BLOCK, (block + 1) * CASES_PER_BLOCK):
        dataset, detections, sigmas = draw_case(index)
        run = evaluate(dataset, detections, sigmas)
        arrays = (run.eval["precision"], run.eval["recall"], run.eval["scores"], run.stats)
        for j, array in enumerate(arrays):
            digests[j] = (digests[j] * 1000003 + digest(array)) % (1 << 64)
        counts.update(rules(dataset, detections, sigmas, run))
    return digests, counts


def similarities(run):
    """A list for each image and category that has some: ids, and the matrix by descending score."""
    lists = []
    for (image, category), ious in sorted(run.ious.items()):
        ious = np.asarray(ious)
        if ious.ndim == 2 and ious.size:
            lists.append({"image_id": int(image), "category_id": int(category), "oks": ious.tolist()})
    return lists


def full_case(index):
    dataset, detections, sigmas = draw_case(index)
    run = evaluate(dataset, detections, sigmas)
    return {"index": index, "ground_truth": dataset, "detections": detections, "sigmas": sigmas or [],
            "similarities": similarities(run), "stats": run.stats.tolist(),
            "recall": run.eval["recall"].reshape(-1).tolist(),
            "precision_digest": "%016x" % digest(run.eval["precision"]),
            "scores_digest": "%016x" % digest(run.eval["scores"])}


def main():
    if sys.argv[1] == "--features":
        print(" ".join(name for name in np._core._multiarray_umath.__cpu_dispatch__
                       if name.startswith("AVX512") or name == "X86_V4"))
        return
    folder = sys.argv[1]
    with multiprocessing.Pool(2) as pool:
        blocks = pool.map(run_block, range(BLOCKS), chunksize=1)
    counts = sum((c for _, c in blocks), Counter())
    with open(folder + "/keypoint_digests.txt", "w") as out:
        for name, count in sorted(counts.items()):
            out.write(f"rule {name} {count}\n")
        for digests, _ in blocks:
            out.write("block " + " ".join("%016x" % d for d in digests) + "\n")
    small = [i for i in range(400) if 0 < len(draw_case(i)[1]) < 14][:FULL_CASES]
    with open(folder + "/keypoint_cases.json", "w") as out:
        out.write("[" + ",\n".join(json.dumps(full_case(i), separators=(",", ":")) for i in small) + "]\n")


if __name__ == "__main__":
    main()
