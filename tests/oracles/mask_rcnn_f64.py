"""A small complete Mask R-CNN with GroupNorm in PyTorch, float64: what the C++ model must give.

    python tests/oracles/mask_rcnn_f64.py

writes tests/data_files/detection/mask_rcnn_f64.safetensors. Names, layouts and arithmetic are
detectron2's (FPN; GN everywhere but in RPN, FC, deconv and predictors). The configuration is in
the file's metadata (`config`, JSON). Weights and images come from formula.py, with
s = symmetric(salt + name, shape); the salt, a text in the configuration, was searched for so that
detections of all classes appear:

    *norm.weight   1 + 0.1 s
    *bias          0.1 s
    other weights  s * sqrt(3 / fan_in); fan_in = product of all dimensions but the first, in
                   PyTorch's layout; deconv [C_in, C_out, 2, 2]: C_in (kernel and stride are equal)
    images         s, name image.<n>, shape [64, 96, 3] (row, column, channel); zero outside the
                   valid size. These are network inputs, after normalisation.

The file holds results only: f64, indices i32, masks u8. Gradients have PyTorch's layouts,
activations are NHWC. N images, M anchors (order: level, y, x, anchor), G slots of ground truth,
S sampled anchors, R RoIs, F foreground RoIs, P proposals, D detections, K classes (background = K).

    p2..p6 [N,h,w,C]; anchors [M,4]; rpn_logits [N,M]; rpn_deltas [N,M,4]
    gt_boxes [N,G,4], gt_classes [N,G] (-1: empty slot)
    polygon_xy [N,V,2]; polygon_starts [N,P+1]: first vertex of each polygon, then their end;
        instance_polygons [N,G+1]: first polygon of each slot
    rpn_matched, rpn_labels [N,M]   best ground truth; 1, 0, -1 by .3, .7, low-quality matches
    rpn_indices [N,S]               the given sample: positives, then negatives, each ascending
    roi_boxes [R,4], roi_images, roi_classes, roi_gt [R]   the given RoIs
    fg_rois [F], mask_targets [F,14,14]                    RoIs of the mask head, their targets
    box_logits [R,K+1], box_deltas [R,4K] (class-major), mask_logits [F,14,14,K]
    losses [5]                loss_rpn_cls, loss_rpn_loc, loss_cls, loss_box_reg, loss_mask
    loss_rpn_loc_smooth []    loss_rpn_loc with smooth L1, beta = 1/9, instead of L1
    grad.<name>               gradient of the sum of the five losses
    grad_smooth.<name>        gradient of loss_rpn_loc_smooth alone
    proposals [N,P,4], proposal_logits, proposal_levels [N,P], proposal_counts [N]
    proposal_matched, proposal_labels [N,P+G]   proposals, then gt_boxes, at .5; empty rows -1
    det_boxes [N,D,4], det_scores, det_classes [N,D], det_masks [N,D,14,14], det_counts [N]
    formula_sample [8]        the first values of backbone.bottom_up.stem.conv1.weight

Lists are in order of descending score, zeros beyond the count. All decisions (thresholds, orders,
levels) keep a margin that the script prints and checks.
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from torchvision.ops import box_iou

import formula
from geometry import MARGINS, anchors, bound, clip, decode, encode, grouped_nms, margin, match
from geometry import padded, rasterize, smooth_l1
from mask_rcnn_f64_model import CONFIG, K, MaskRcnn, draw, fill, images, roi_levels

# Ground truth: class and polygons (x, y, x, y, ...) of each object; its box bounds the polygons.
OBJECTS = [
    [
        (0, [[3.3, 5.7, 21.9, 2.4, 29.6, 17.1, 17.2, 14.8, 12.4, 27.3, 4.1, 18.6]]),
        (
            2,
            [
                [40.7, 9.2, 52.3, 4.9, 57.8, 31.4, 44.6, 36.7],
                [61.2, 12.8, 71.9, 18.3, 64.4, 29.5],
            ],
        ),
        (1, [[11.5, 41.3, 20.2, 38.8, 23.7, 52.6, 17.4, 59.1, 9.8, 50.9]]),
        (1, [[48.1, 34.6, 89.3, 29.7, 93.6, 61.8, 70.4, 44.2, 46.9, 58.3]]),
    ],
    [
        (2, [[5.6, 8.9, 60.3, 3.7, 74.8, 49.2, 38.1, 31.6, 13.2, 54.4]]),
        (0, [[50.4, 41.2, 58.7, 43.9, 56.1, 51.8, 48.9, 49.3]]),
    ],
]
SLOTS = 5


def match_proposals(proposals, gt):
    """Rows of empty slots, of proposals and of ground truth, hold -1."""
    of_proposals, of_gt = (match(boxes, gt, 0.5, 0.5, False) for boxes in (proposals, gt))
    return [
        torch.cat([padded([p], CONFIG["rpn_post_nms"], -1)[0], padded([g], SLOTS, -1)[0]])
        for p, g in zip(of_proposals, of_gt)
    ]


def propose(anchor_levels, logits, deltas, valid):
    """Top-k per level, decode, clip, drop empty, NMS per level, top-k of the rest."""
    boxes, scores, groups, start = [], [], [], 0
    for i, cells in enumerate(anchor_levels):
        at = slice(start, start + len(cells))
        start += len(cells)
        ranked = logits[at].sort(descending=True, stable=True)
        margin(
            "top-k cut", -ranked[0][CONFIG["rpn_pre_nms"] - 1 : CONFIG["rpn_pre_nms"] + 1].diff()
        )
        top = ranked[1][: CONFIG["rpn_pre_nms"]]
        boxes.append(clip(decode(cells[top], deltas[at][top], CONFIG["box_weights_rpn"]), valid))
        scores.append(logits[at][top])
        groups.append(torch.full((len(top),), i + 2))
    boxes, scores, groups = torch.cat(boxes), torch.cat(scores), torch.cat(groups)
    size = boxes[:, 2:] - boxes[:, :2]
    some = (size > 0).all(1)
    margin("empty boxes", size[some])
    boxes, scores, groups = boxes[some], scores[some], groups[some]
    keep = grouped_nms(boxes, scores, groups, CONFIG["rpn_nms"])[: CONFIG["rpn_post_nms"]]
    return boxes[keep], scores[keep], groups[keep]


def detect(model, features, boxes, n, valid):
    index = torch.full((len(boxes),), n)
    logits, deltas = model.predict_boxes(features, boxes, index)
    scores = logits.softmax(1)[:, :K]
    decoded = clip(
        decode(boxes[:, None], deltas.reshape(-1, K, 4), CONFIG["box_weights_roi"]), valid
    )
    margin("score threshold", (scores - CONFIG["score_threshold"]).abs())
    roi, classes = torch.where(scores > CONFIG["score_threshold"])
    decoded, scores = decoded[roi, classes], scores[roi, classes]
    keep = grouped_nms(decoded, scores, classes, CONFIG["box_nms"])[
        : CONFIG["detections_per_image"]
    ]
    decoded, scores, classes = decoded[keep], scores[keep], classes[keep]
    margin("empty boxes", decoded[:, 2:] - decoded[:, :2])
    masks = model.predict_masks(features, decoded, torch.full((len(keep),), n))
    return decoded, scores, classes, masks[torch.arange(len(keep)), classes].sigmoid()


def sample_anchors(labels, n):
    """A fixed choice by the formula; what matters is only that both sides use the same."""
    key = torch.from_numpy(formula.uniform(f"rpn_sample.{n}", (len(labels),)))
    count, chosen = CONFIG["rpn_batch_per_image"], []
    for label, limit in ((1, int(count * CONFIG["rpn_positive_fraction"])), (0, count)):
        at = torch.where(labels == label)[0]
        limit = min(limit, count - sum(map(len, chosen)))
        chosen.append(at[key[at].argsort()[:limit]].sort()[0])
    return torch.cat(chosen)


def given_rois(gt, classes, n):
    """8 foreground RoIs (the ground truth, jittered copies), then 16 background RoIs."""
    height, width = CONFIG["valid_sizes"][n]
    jitter = torch.from_numpy(draw(f"roi_jitter.{n}", (400, 4)))
    foreground, matched = list(gt), list(range(len(gt)))
    for i in range(400):
        j = i % len(gt)
        size = (gt[j, 2:] - gt[j, :2]).repeat(2)
        box = clip(gt[j] + 0.25 * jitter[i] * size, (height, width))
        if (
            len(foreground) < 8
            and box_iou(box[None], gt).max(1)[1] == j
            and box_iou(box[None], gt[j][None]) > 0.52
        ):
            foreground.append(box)
            matched.append(j)
    place = torch.from_numpy(formula.uniform(f"roi_background.{n}", (400, 4)))
    background = []
    for u in place:
        side = torch.stack([width * 0.02 * 50 ** u[2], height * 0.02 * 50 ** u[3]])
        corner = u[:2] * (torch.tensor([width, height]) - side)
        box = torch.cat([corner, corner + side])
        if len(background) < 16 and box_iou(box[None], gt).max() < 0.48:
            background.append(box)
            matched.append(int(box_iou(box[None], gt).max(1)[1]))
    boxes, matched = torch.stack(foreground + background), torch.tensor(matched)
    labels = torch.full((len(boxes),), K)
    labels[: len(foreground)] = classes[matched[: len(foreground)]]
    return boxes, labels, matched


def rpn_losses(logits, deltas, anchors, gt, rpn, beta):
    """rpn: per image (sampled indices, labels, matched)"""
    cls, loc = 0.0, 0.0
    for n, (chosen, labels, matched) in enumerate(rpn):
        target = labels[chosen].to(torch.float64)
        cls = cls + F.binary_cross_entropy_with_logits(logits[n][chosen], target, reduction="sum")
        positive = chosen[labels[chosen] == 1]
        want = encode(anchors[positive], gt[n][0][matched[positive]], CONFIG["box_weights_rpn"])
        loc = loc + smooth_l1(deltas[n][positive] - want, beta).sum()
    normaliser = CONFIG["rpn_batch_per_image"] * len(rpn)
    return cls / normaliser, loc / normaliser


def continued(rows, length):
    """Rows of offsets, each continued with its last value: empty polygons, empty slots."""
    return torch.stack([torch.cat([row, row[-1:].expand(length - len(row))]) for row in rows])


def ground_truth(out):
    """Per image (boxes, classes); stores them and the polygons."""
    gt = [
        (torch.stack([bound(p) for _, p in objects]), torch.tensor([c for c, _ in objects]))
        for objects in OBJECTS
    ]
    boxes, classes = zip(*gt)
    out["gt_boxes"], out["gt_classes"] = padded(boxes, SLOTS), padded(classes, SLOTS, -1)
    vertices, starts, firsts = [], [], []
    for objects in OBJECTS:
        polygons = [polygon for _, of_object in objects for polygon in of_object]
        vertices.append(torch.tensor(sum(polygons, [])).reshape(-1, 2))
        starts.append(torch.tensor([0] + [len(p) // 2 for p in polygons]).cumsum(0))
        firsts.append(torch.tensor([0] + [len(of_object) for _, of_object in objects]).cumsum(0))
    out["polygon_xy"] = padded(vertices, max(map(len, vertices)))
    out["polygon_starts"] = continued(starts, max(map(len, starts)))
    out["instance_polygons"] = continued(firsts, SLOTS + 1)
    return gt


def match_anchors(cells, gt, out):
    rpn = []
    for n, (boxes, _) in enumerate(gt):
        matched, labels = match(cells, boxes, *CONFIG["rpn_thresholds"], True)
        rpn.append((sample_anchors(labels, n), labels, matched))
    chosen, labels, matched = zip(*rpn)
    out["rpn_indices"] = padded(chosen, CONFIG["rpn_batch_per_image"], -1)
    out["rpn_labels"], out["rpn_matched"] = torch.stack(labels), torch.stack(matched)
    return rpn


def roi_losses(model, features, gt, out):
    rois = [given_rois(*gt[n], n) for n in range(2)]
    boxes, classes, matched = (torch.cat(x) for x in zip(*rois))
    image_index = torch.arange(2).repeat_interleave(torch.tensor([len(r[0]) for r in rois]))
    fg = torch.where(classes < K)[0]
    size, targets = 2 * CONFIG["mask_pool"], []
    for i in fg:
        polygons = OBJECTS[image_index[i]][matched[i]][1]
        targets.append(torch.from_numpy(rasterize(polygons, boxes[i], size)))
    targets = torch.stack(targets)
    out.update(roi_boxes=boxes, roi_images=image_index, roi_classes=classes, roi_gt=matched)
    out.update(fg_rois=fg, mask_targets=targets)
    logits, deltas = model.predict_boxes(features, boxes, image_index)
    masks = model.predict_masks(features, boxes[fg], image_index[fg])
    out.update(box_logits=logits, box_deltas=deltas, mask_logits=masks.permute(0, 2, 3, 1))

    loss_cls = F.cross_entropy(logits, classes)
    gt_of_fg = torch.stack([gt[image_index[i]][0][matched[i]] for i in fg])
    want = encode(boxes[fg], gt_of_fg, CONFIG["box_weights_roi"])
    loss_box_reg = (deltas.reshape(-1, K, 4)[fg, classes[fg]] - want).abs().sum() / len(boxes)
    of_class = masks[torch.arange(len(fg)), classes[fg]]
    return loss_cls, loss_box_reg, F.binary_cross_entropy_with_logits(of_class, targets.double())


def test_results(model, features, anchor_levels, gt, out):
    proposals, detections, matches = [], [], []
    for n, valid in enumerate(CONFIG["valid_sizes"]):
        logits, deltas = out["rpn_logits"][n], out["rpn_deltas"][n]
        proposals.append(propose(anchor_levels, logits, deltas, valid))
        detections.append(detect(model, features, proposals[n][0], n, valid))
        matches.append(match_proposals(proposals[n][0], gt[n][0]))
    for name, rows in zip(("proposals", "proposal_logits", "proposal_levels"), zip(*proposals)):
        out[name] = padded(rows, CONFIG["rpn_post_nms"])
    for name, rows in zip(("boxes", "scores", "classes", "masks"), zip(*detections)):
        out[f"det_{name}"] = padded(rows, CONFIG["detections_per_image"])
    out["proposal_counts"] = torch.tensor([len(p[0]) for p in proposals])
    out["det_counts"] = torch.tensor([len(d[0]) for d in detections])
    out["proposal_matched"], out["proposal_labels"] = (torch.stack(x) for x in zip(*matches))


def compute():
    model, out = MaskRcnn(), {}
    fill(model)
    gt = ground_truth(out)
    features = model.backbone(images())
    logits, deltas = model.proposal_generator.rpn_head(features)
    anchor_levels = anchors(features, CONFIG["anchor_sizes"], CONFIG["anchor_ratios"])
    cells = torch.cat(anchor_levels)
    out.update(anchors=cells, rpn_logits=logits, rpn_deltas=deltas)
    out.update({f"p{i + 2}": x.permute(0, 2, 3, 1) for i, x in enumerate(features)})

    rpn = match_anchors(cells, gt, out)
    of_rpn = rpn_losses(logits, deltas, cells, gt, rpn, 0)
    out["losses"] = torch.stack([*of_rpn, *roi_losses(model, features, gt, out)])
    names, parameters = zip(*model.named_parameters())
    gradients = torch.autograd.grad(out["losses"].sum(), parameters, retain_graph=True)
    out.update({f"grad.{name}": grad for name, grad in zip(names, gradients)})
    smooth = out["loss_rpn_loc_smooth"] = rpn_losses(logits, deltas, cells, gt, rpn, 1 / 9)[1]
    head = model.proposal_generator.rpn_head.anchor_deltas
    for kind in ("weight", "bias"):
        grad = torch.autograd.grad(smooth, getattr(head, kind), retain_graph=True)[0]
        out[f"grad_smooth.proposal_generator.rpn_head.anchor_deltas.{kind}"] = grad
    with torch.no_grad():
        test_results(model, features, anchor_levels, gt, out)
    out["formula_sample"] = model.backbone.bottom_up.stem.conv1.weight.flatten()[:8]
    return out


def main():
    torch.set_default_dtype(torch.float64)
    out, arrays = compute(), {}
    for name, value in out.items():
        value = value.detach().contiguous().numpy()
        arrays[name] = value.astype(np.int32) if value.dtype == np.int64 else value
    folder = pathlib.Path(__file__).parent.parent / "data_files/detection"
    path = folder / "mask_rcnn_f64.safetensors"
    save_file(arrays, path, {"config": json.dumps(CONFIG)})
    report(out, path)


def report(out, path):
    print("losses", out["losses"].tolist(), "smooth", out["loss_rpn_loc_smooth"].item())
    positives = [
        int((out["rpn_labels"][n][out["rpn_indices"][n]] == 1).sum()) for n in range(len(OBJECTS))
    ]
    print("positives", positives, "fg RoIs", len(out["fg_rois"]))
    print(
        "RoI levels",
        roi_levels(out["roi_boxes"]).bincount().tolist(),
        "parameters",
        sum("grad." in k for k in out),
    )
    print(
        "proposals",
        out["proposal_counts"].tolist(),
        "levels",
        out["proposal_levels"].flatten().bincount().tolist(),
    )
    print("detections", out["det_counts"].tolist(), "classes", out["det_classes"].tolist())
    for what, gap in sorted(MARGINS.items()):
        print(f"margin: {what}: {gap:.3g}")
        assert gap > 1e-7, what
    print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
