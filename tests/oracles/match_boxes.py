"""The table in tests/ops/match_boxes_test.cpp: torchvision's box_iou and Matcher on boxes that an
integer formula draws, coarse enough for many ties. Columns: seed, number of boxes, number of ground
truths, then for (0.3, 0.7) with low-quality matches and for (0.5, 0.5) without: positives,
negatives, FNV-1a digest of the matched indices and labels.

python tests/oracles/match_boxes.py     # needs torch, torchvision, numpy
"""

import numpy as np
import torch
from torchvision.models.detection._utils import Matcher
from torchvision.ops import box_iou

MASK = (1 << 64) - 1


def draw_boxes(seed, count):
    """x0, y0 in 0..60, sizes in 4..35, all multiples of a quarter."""
    boxes = []
    state = seed
    for _ in range(count):
        numbers = []
        for _ in range(4):  # Knuth's MMIX generator
            state = (state * 6364136223846793005 + 1442695040888963407) & MASK
            numbers.append(state >> 40)
        x, y = (numbers[0] % 241) / 4, (numbers[1] % 241) / 4
        w, h = 4 + (numbers[2] % 125) / 4, 4 + (numbers[3] % 125) / 4
        boxes.append([x, y, x + w, y + h])
    return torch.tensor(boxes, dtype=torch.float32)


def digest(values):
    h = 14695981039346656037
    for v in values:
        h = ((h ^ (int(v) & 0xFFFFFFFF)) * 1099511628211) & MASK
    return h


for seed, num_boxes, num_gt in ((1, 2500, 7), (2, 3001, 40), (3, 5, 3), (4, 4099, 1)):
    iou = box_iou(draw_boxes(seed + 100, num_gt), draw_boxes(seed, num_boxes))
    matched = iou.max(dim=0)[1]
    assert (matched.numpy() == iou.numpy().argmax(axis=0)).all()  # the first of ties
    columns = []
    for low, high, low_quality in ((0.3, 0.7, True), (0.5, 0.5, False)):
        result = Matcher(high, low, low_quality)(iou).numpy()
        labels = np.where(result >= 0, 1, np.where(result == -1, 0, -1))
        assert (matched.numpy()[result >= 0] == result[result >= 0]).all()
        columns += [
            f"{(labels == 1).sum()}, {(labels == 0).sum()}",
            f"{digest(np.concatenate([matched.numpy(), labels]))}u",
        ]
    print(f"    {{{seed}, {num_boxes}, {num_gt}, {', '.join(columns)}}},")
