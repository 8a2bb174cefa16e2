"""Joins what several views of an image found, step by step: boxes back into the pixels of the first view,
non-maximum suppression within each class, box voting, and the mean of the masks.

    python tests/oracles/augmented.py >tests/data_files/detection/augmented.txt

writes for each of 20 cases "case COUNT", then a line per detection: class, score, four corners before and four
after voting, and the 3 x 3 numbers of its mask. Needs nothing but Python. tests/detection/prediction/augmented_test.cpp
draws the same cases.
"""

from draw import Draw

CASES, CLASSES, CANDIDATES, MOST = 20, 3, 40, 12
NMS_IOU, VOTE_IOU, MASK = 0.5, 0.9, 3


def iou(a, b):
    area = lambda box: (box[2] - box[0]) * (box[3] - box[1])
    width = max(min(a[2], b[2]) - max(a[0], b[0]), 0.0)
    height = max(min(a[3], b[3]) - max(a[1], b[1]), 0.0)
    both = width * height
    return both / (area(a) + area(b) - both)


def to_frame(box, view, frame):
    scale_x, scale_y = frame["width"] / view["width"], frame["height"] / view["height"]
    x0, x1 = box[0], box[2]
    if view["mirrored"] != frame["mirrored"]:
        x0, x1 = view["width"] - box[2], view["width"] - box[0]
    return [x0 * scale_x, box[1] * scale_y, x1 * scale_x, box[3] * scale_y]


def draw_case(index):
    """Views of an image of 8 objects with candidates near these, in the pixels of each view."""
    draw = Draw(1000003 * index + 53)
    places = [[draw.below(80) / 100.0, draw.below(80) / 100.0, (5 + draw.below(15)) / 100.0,
               (5 + draw.below(15)) / 100.0, draw.below(CLASSES)] for _ in range(8)]
    views = []
    for _ in range(1 + draw.below(5)):
        view = {"height": 100 + draw.below(900), "width": 100 + draw.below(900), "mirrored": draw.below(2) == 1,
                "boxes": [], "scores": [], "classes": []}
        for _ in range(CANDIDATES):
            x, y, w, h, c = places[draw.below(len(places))]
            reach = (0, 1, 4, 30)[draw.below(4)]
            x, y, w, h = [v + (draw.below(2 * reach + 1) - reach) / 1000.0 for v in (x, y, w, h)]
            left = 1 - x - w if view["mirrored"] else x
            view["boxes"].append([left * view["width"], y * view["height"], (left + w) * view["width"],
                                  (y + h) * view["height"]])
            view["scores"].append((1 + draw.below(1000)) / 1024.0)
            view["classes"].append(-1 if draw.below(8) == 0 else c)
        views.append(view)
    return draw, views


def join(views):
    boxes, scores, classes = [], [], []
    for view in views:
        boxes += [to_frame(box, view, views[0]) for box in view["boxes"]]
        scores += view["scores"]
        classes += view["classes"]
    order = sorted((i for i in range(len(boxes)) if classes[i] >= 0), key=lambda i: (-scores[i], i))
    kept = []
    for i in order:
        if len(kept) < MOST and all(classes[k] != classes[i] or iou(boxes[k], boxes[i]) <= NMS_IOU for k in kept):
            kept.append(i)
    voted = []
    for k in kept:
        voters = [i for i in range(len(boxes)) if classes[i] == classes[k] and iou(boxes[k], boxes[i]) >= VOTE_IOU]
        weight = sum(scores[i] for i in voters)
        voted.append([sum(scores[i] * boxes[i][side] for i in voters) / weight for side in range(4)])
    return [(classes[k], scores[k], boxes[k], v) for k, v in zip(kept, voted)]


def mean_masks(draw, views, count):
    """The masks that each view drew of each detection, averaged."""
    sums = [[0.0] * (MASK * MASK) for _ in range(count)]
    for view in views:
        for total in sums:
            mask = [draw.below(1000) / 1000.0 for _ in range(MASK * MASK)]
            for y in range(MASK):
                for x in range(MASK):
                    total[y * MASK + x] += mask[y * MASK + (MASK - 1 - x if view["mirrored"] else x)]
    return [[value / len(views) for value in total] for total in sums]


def main():
    for index in range(CASES):
        draw, views = draw_case(index)
        found = join(views)
        print("case", len(found))
        for (c, score, box, voted), mask in zip(found, mean_masks(draw, views, len(found))):
            print(c, *(repr(v) for v in [score] + box + voted + mask))


if __name__ == "__main__":
    main()
