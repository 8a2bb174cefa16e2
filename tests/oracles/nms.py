"""Boxes that torchvision.ops.nms keeps, on random cases that an integer formula draws.

    python tests/oracles/nms.py > tests/data_files/nms/kept.txt

One line per image: the indices kept, group by group, merged by descending score (ties: lower index
first). The C++ test draws the same cases (tests/ops/nms_test.cpp). Coordinates are multiples of
1/4 and scores of 1/16, so that equal scores and overlaps equal to the threshold occur.
"""

import torch
import torchvision
from draw import Draw

IMAGES = 60
THRESHOLDS = [0.5, 0.7, 0.3, 0.0, 1 / 3, 1.0]


def draw_image(index):
    draw = Draw(index)
    count = 1 + draw.below(400)
    num_groups = 1 + draw.below(4)
    side = 20 + draw.below(400)
    boxes, scores, groups = [], [], []
    for _ in range(count):
        x0, y0 = draw.below(side) / 4, draw.below(side) / 4
        w, h = draw.below(side) / 8, draw.below(side) / 8
        boxes.append([x0, y0, x0 + w, y0 + h])
        scores.append(draw.below(64) / 16)
        groups.append(draw.below(num_groups))
    return torch.tensor(boxes), torch.tensor(scores), torch.tensor(groups), num_groups


def main():
    for index in range(IMAGES):
        boxes, scores, groups, num_groups = draw_image(index)
        kept = []
        for group in range(num_groups):
            rows = torch.nonzero(groups == group)[:, 0]
            threshold = THRESHOLDS[index % len(THRESHOLDS)]
            kept += rows[torchvision.ops.nms(boxes[rows], scores[rows], threshold)].tolist()
        kept.sort(key=lambda i: (-scores[i].item(), i))
        print(*kept)


if __name__ == "__main__":
    main()
