"""Average precision by the rules of PASCAL VOC's development kits (VOCevaldet.m, VOCap.m of 2007 and
2010), step by step, on random cases, as digests.

    python tests/oracles/voc_eval.py tests/data_files/coco_evaluation

writes voc_digests.txt: a line per block of 100 cases, digests of the AP of every class and of their mean,
of 2007 and of 2010; before them, how many cases hit each rule. Needs nothing but Python.
tests/data/evaluation/voc_evaluation_test.cpp draws the same cases.
"""

import math
import struct
import sys
from collections import Counter

from draw import MASK, Draw

BLOCKS, CASES_PER_BLOCK = 100, 100
NAN = float("nan")
MIN_OVERLAP = 0.5
# MATLAB's 0:0.1:1 counts k * 0.1 up to the middle and 1 - k * 0.1 from there on.
ELEVEN_POINTS = [k * 0.1 for k in range(6)] + [1 - k * 0.1 for k in range(4, -1, -1)]


# The kit -------------------------------------------------------------------------------------------


def quotient(a, b):
    """MATLAB's a ./ b for a >= 0."""
    return a / b if b else (NAN if a == 0 else math.inf)


def matlab_max(values):
    """Passes over NaN; [] of nothing."""
    numbers = [v for v in values if not math.isnan(v)]
    return max(numbers) if numbers else (NAN if values else None)


def overlap_of(bb, bbgt):
    """None where they share no pixel."""
    bi = [max(bb[0], bbgt[0]), max(bb[1], bbgt[1]), min(bb[2], bbgt[2]), min(bb[3], bbgt[3])]
    iw = bi[2] - bi[0] + 1
    ih = bi[3] - bi[1] + 1
    if not (iw > 0 and ih > 0):
        return None
    ua = (bb[2] - bb[0] + 1) * (bb[3] - bb[1] + 1)
    ua = ua + (bbgt[2] - bbgt[0] + 1) * (bbgt[3] - bbgt[1] + 1) - iw * ih
    return iw * ih / ua


def voc_eval_det(gt, results, hit):
    """rec and prec of a class. gt: by image, lists BB and diff; results: (image, confidence, bb)."""
    npos = sum(sum(1 for d in image["diff"] if not d) for image in gt.values())
    det = {i: [False] * len(image["BB"]) for i, image in gt.items()}
    # Stable, NaN last.
    order = sorted(range(len(results)), key=lambda d: (math.isnan(results[d][1]), 0.0 if math.isnan(
        results[d][1]) else -results[d][1]))
    if len({r[1] for r in results}) < len(results):
        hit.add("equal_scores")
    tp, fp = [], []
    for d in order:
        i, confidence, bb = results[d]
        if math.isnan(confidence):
            hit.add("nan_score")
        ovmax, jmax, overlaps = -math.inf, None, []
        for j, bbgt in enumerate(gt[i]["BB"] if i in gt else []):
            ov = overlap_of(bb, bbgt)
            if ov is None:
                continue
            overlaps.append(ov)
            if ov > ovmax:
                ovmax, jmax = ov, j
        right = wrong = 0
        if ovmax >= MIN_OVERLAP:
            if ovmax == MIN_OVERLAP:
                hit.add("exactly_half")
            if overlaps.count(ovmax) > 1:
                hit.add("equal_overlaps")
            if not gt[i]["diff"][jmax]:
                if not det[i][jmax]:
                    right = 1
                    det[i][jmax] = True
                else:
                    wrong = 1
                    hit.add("duplicate")
            else:
                hit.add("difficult_found_again" if det[i][jmax] else "difficult_found")
                det[i][jmax] = True  # read by the line above alone
        else:
            wrong = 1
        tp.append(right + (tp[-1] if tp else 0))
        fp.append(wrong + (fp[-1] if fp else 0))
    rec = [quotient(t, npos) for t in tp]
    prec = [quotient(t, f + t) for t, f in zip(tp, fp)]
    if any(math.isnan(p) for p in prec):
        hit.add("no_precision_yet")
    return npos, rec, prec


def ap_2007(rec, prec, hit, points=ELEVEN_POINTS):
    ap = 0.0
    for t in points:
        p = matlab_max([b for a, b in zip(rec, prec) if a >= t])
        if p is None:
            p = 0
        elif math.isnan(p):  # the kit says NaN
            hit.add("never_a_precision")
            p = 0
        ap = ap + p / 11
    return ap


def ap_2010(rec, prec):
    mrec = [0] + rec + [1]
    mpre = [0] + prec + [0]
    for i in range(len(mpre) - 2, -1, -1):
        mpre[i] = matlab_max([mpre[i], mpre[i + 1]])
    ap = 0.0
    for i in range(1, len(mrec)):
        if mrec[i] != mrec[i - 1]:
            ap = ap + (mrec[i] - mrec[i - 1]) * mpre[i]
    return ap


def evaluate(truths, categories, detections, hit):
    """Two lists of the AP of each category, -1 without positives, and their mean."""
    corners = lambda b: [b[0] + 1, b[1] + 1, b[0] + b[2], b[1] + b[3]]
    tables = ([], [])
    for category in categories:
        gt = {}
        for truth in truths:
            if truth["category"] != category:
                continue
            image = gt.setdefault(truth["image"], {"BB": [], "diff": []})
            image["BB"].append(corners(truth["bbox"]))
            image["diff"].append(truth["difficult"] or truth["crowd"])
        results = [(d["image"], d["score"], corners(d["bbox"])) for d in detections if d["category"] == category]
        npos, rec, prec = voc_eval_det(gt, results, hit)
        if npos == 0:
            hit.add("difficult_alone" if gt else "no_object")
            for table in tables:
                table.append(-1.0)
            continue
        if not results:
            hit.add("no_detection")
        tables[0].append(ap_2007(rec, prec, hit))
        tables[1].append(ap_2010(rec, prec))
        if tables[0][-1] != ap_2007(rec, prec, hit, [k / 10 for k in range(11)]):
            hit.add("three_of_ten")
    for table in tables:
        defined = [ap for ap in table if ap >= 0]
        table.append(sum(defined) / len(defined) if defined else -1.0)
    return tables


# Cases ---------------------------------------------------------------------------------------------


def truth_box(draw, width, height):
    if draw.below(4) > 0:  # whole pixels, sides of tens: exact halves are frequent
        return [float(draw.below(width)), float(draw.below(height)), 10.0 * (1 + draw.below(4)),
                10.0 * (1 + draw.below(4))]
    return [draw.below(4 * width) / 4.0, draw.below(4 * height) / 4.0, draw.below(160) / 4.0,
            draw.below(160) / 4.0]


def near_box(draw, box):
    x, y, w, h = box
    kind = draw.below(8)
    if kind < 3:
        return [x, y, w, h]
    if kind == 3:
        return [x, y, 2 * w, h]
    if kind == 4:
        return [x, y, w, h / 2]
    dx = (draw.below(9) - 4) / 16.0 * w
    dy = (draw.below(9) - 4) / 16.0 * h
    return [x + dx, y + dy, w, h]


def draw_case(index):
    draw = Draw(1000003 * index + 41)
    ten, hard, silent = draw.below(6) == 0, draw.below(8) == 0, draw.below(25) == 0
    num_images, num_categories = 1 + draw.below(4), 1 + draw.below(3)
    sizes = [(24 + draw.below(100), 24 + draw.below(100)) for _ in range(num_images)]
    truths = []
    for image, (width, height) in enumerate(sizes):
        for _ in range(10 // num_images if ten else draw.below(6)):
            twin = truths[-1]["bbox"] if truths and truths[-1]["image"] == image and draw.below(8) == 0 else None
            truths.append({"image": image, "bbox": twin or truth_box(draw, width, height),
                           "category": 0 if ten else draw.below(num_categories),
                           "difficult": draw.below(2 if hard else 5) == 0 and not ten,
                           "crowd": draw.below(20) == 0 and not ten})
    detections = []
    for image, (width, height) in enumerate(sizes):
        own = [t for t in truths if t["image"] == image]
        for _ in range(0 if silent else draw.below(5) + len(own)):
            like = own[draw.below(len(own))] if own and draw.below(5) > 0 else None
            box = near_box(draw, like["bbox"]) if like else truth_box(draw, width, height)
            category = like["category"] if like and draw.below(8) > 0 else draw.below(num_categories)
            if draw.below(40) == 0:
                category = 9
            if draw.below(200) == 0:
                score = NAN
            else:
                score = draw.below(12) / 8.0 if draw.below(2) else draw.below(1 << 30) / (1 << 30)
            detections.append({"image": image, "bbox": box, "category": category, "score": score})
    return truths, list(range(num_categories)), detections


def digest(values):
    """That of tests/data/evaluation/random_case.h."""
    total = 0
    for i, value in enumerate(values):
        bits = struct.unpack("<Q", struct.pack("<d", value))[0]
        total += (bits ^ (bits >> 31)) * 0x9E3779B97F4A7C15 * (2 * i + 1)
    return total & MASK


def main():
    counts, lines = Counter(), []
    for block in range(BLOCKS):
        digests = [0, 0]
        for index in range(block * CASES_PER_BLOCK, (block + 1) * CASES_PER_BLOCK):
            truths, categories, detections = draw_case(index)
            hit = set()
            if any(d["category"] == 9 for d in detections):
                hit.add("unknown_category")
            if any(t["crowd"] for t in truths):
                hit.add("crowd")
            for j, table in enumerate(evaluate(truths, categories, detections, hit)):
                digests[j] = (digests[j] * 1000003 + digest(table)) & MASK
            counts.update(hit)
        lines.append("block " + " ".join("%016x" % d for d in digests) + "\n")
    with open(sys.argv[1] + "/voc_digests.txt", "w") as out:
        out.writelines(f"rule {name} {count}\n" for name, count in sorted(counts.items()))
        out.writelines(lines)


if __name__ == "__main__":
    main()
