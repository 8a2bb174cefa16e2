"""Box geometry in detectron2's conventions; every decision records its margin in MARGINS."""

import numpy as np
import pycocotools.mask as mask_api
import torch
from torchvision.ops import box_iou, nms

CLAMP = float(np.log(1000.0 / 16))


MARGINS = {}


def margin(what, gaps):
    if gaps.numel():
        MARGINS[what] = min(MARGINS.get(what, np.inf), float(gaps.min()))


def anchors(features, sizes, ratios):
    """Exact cells centred at (x * stride, y * stride); ratio = height / width."""
    out = []
    for i, (x, size) in enumerate(zip(features, sizes)):
        cells = []
        for ratio in ratios:
            w = float(np.sqrt(size * size / ratio))
            h = ratio * w
            cells.append([-w / 2, -h / 2, w / 2, h / 2])
        rows, columns = (torch.arange(n, dtype=torch.float64) * 2 ** (i + 2) for n in x.shape[2:])
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        shifts = torch.stack([x, y, x, y], -1).reshape(-1, 1, 4)
        out.append((shifts + torch.tensor(cells, dtype=torch.float64)).reshape(-1, 4))
    return out


def levels_of(boxes, canonical_size, canonical_level, eps):
    size = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).sqrt()
    level = canonical_level + torch.log2(size / canonical_size + eps)
    margin("pooler level", (level - level.round()).abs()[(level > 1.5) & (level < 5.5)])
    return level.floor().clamp(2, 5).long()


def encode(boxes, target, weights):
    size, target_size = boxes[:, 2:] - boxes[:, :2], target[:, 2:] - target[:, :2]
    centre, target_centre = boxes[:, :2] + 0.5 * size, target[:, :2] + 0.5 * target_size
    weights = boxes.new_tensor(weights)
    return torch.cat(
        [weights[:2] * (target_centre - centre) / size, weights[2:] * (target_size / size).log()],
        1,
    )


def decode(boxes, deltas, weights):
    """boxes [..., 4], deltas [..., 4]"""
    deltas = deltas / deltas.new_tensor(weights)
    size = boxes[..., 2:] - boxes[..., :2]
    centre = deltas[..., :2] * size + boxes[..., :2] + 0.5 * size
    size = deltas[..., 2:].clamp(max=CLAMP).exp() * size
    return torch.cat([centre - 0.5 * size, centre + 0.5 * size], -1)


def clip(boxes, valid):
    height, width = valid
    limit = boxes.new_tensor([width, height, width, height])
    return torch.minimum(boxes.clamp(min=0), limit)


def match(boxes, gt, low, high, low_quality):
    """Index of the best ground truth, and label 1, 0 or -1 (between the thresholds)."""
    iou = box_iou(gt, boxes)
    best, matched = iou.max(0)
    labels = torch.where(best >= high, 1, torch.where(best < low, 0, -1))
    margin("match thresholds", torch.minimum((best - low).abs(), (best - high).abs()))
    if len(gt) > 1:
        top = iou.topk(2, dim=0)[0]
        margin("best ground truth", (top[0] - top[1])[top[0] > 0])
    if low_quality:
        top = iou.topk(2, dim=1)[0]
        margin("best anchor", top[:, 0] - top[:, 1])
        labels[(iou == iou.max(1)[0][:, None]).any(0)] = 1
    return matched, labels


def grouped_nms(boxes, scores, groups, threshold):
    kept = []
    for group in groups.unique():
        at = torch.where(groups == group)[0]
        kept.append(at[nms(boxes[at], scores[at], threshold)])
        iou = box_iou(boxes[at], boxes[at])
        margin("NMS threshold", (iou - threshold).abs())
    kept = torch.cat(kept)
    order = scores[kept].sort(descending=True, stable=True)
    margin("order of scores", -order[0].diff())
    return kept[order[1]]


def bound(polygons):
    points = torch.tensor(sum(polygons, []), dtype=torch.float64).reshape(-1, 2)
    return torch.cat([points.min(0)[0], points.max(0)[0]])


def rasterize(polygons, box, size):
    """The polygons in the frame of the box, drawn on a size x size grid by pycocotools."""
    x0, y0, x1, y1 = box.tolist()
    frame = []
    for polygon in polygons:
        p = np.array(polygon)
        p[0::2] = (p[0::2] - x0) * (size / max(x1 - x0, 0.1))
        p[1::2] = (p[1::2] - y0) * (size / max(y1 - y0, 0.1))
        frame.append(p.tolist())
    return mask_api.decode(mask_api.merge(mask_api.frPyObjects(frame, size, size)))


def smooth_l1(x, beta):
    n = x.abs()
    return n if beta == 0 else torch.where(n < beta, 0.5 * n * n / beta, n - 0.5 * beta)


def padded(rows, capacity, empty=0):
    out = torch.full((len(rows), capacity, *rows[0].shape[1:]), empty, dtype=rows[0].dtype)
    for n, row in enumerate(rows):
        out[n, : len(row)] = row
    return out
