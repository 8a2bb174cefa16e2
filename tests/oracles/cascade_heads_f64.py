"""The heads of a small Cascade Mask R-CNN in PyTorch, float64: what CascadeHeads must give.

    python tests/oracles/cascade_heads_f64.py

writes tests/data_files/detection/cascade_heads_f64.safetensors. Three stages, each a 3x3 convolution with
GroupNorm (4 groups) and ReLU, a fully connected layer with ReLU, and predictors of K + 1 scores and one
box; a mask head of one such convolution. Names, layouts and arithmetic are detectron2's CascadeROIHeads,
but that masks are learnt on the RoIs of the last stage, at most 2 foreground ones of an image, the
first. Weights and features come from formula.py, with s = symmetric(salt + name, shape); the salt, a
text in the file's metadata, was searched for so that RoIs change sides between stages:

    features       s, names features.2 [2, 16, 24, 8] and features.3 [2, 8, 12, 8] (NHWC), of strides 4, 8
    *norm.weight   1 + 0.1 s
    *bias          0.1 s
    other weights  s * sqrt(3 / fan_in) as in mask_rcnn_f64.py

The file holds f64, indices i32; gradients of parameters in PyTorch's layouts, activations NHWC. N = 2
images, S = 8 slots of RoIs each (the last of image 1 is empty), G = 3 slots of ground truth.

    gt_boxes [N,G,4], gt_classes [N,G] (-1: empty)
    polygon_xy, polygon_starts, instance_polygons   as in mask_rcnn_f64.safetensors
    boxes.T [N,S,4], classes.T [N,S] (background K, -1: empty), matched.T [N,S]   what stage T = 0, 1, 2
                   sees; empty slots hold zeros, and -1 in matched.T
    losses [7]     loss_cls and loss_box_reg of stages 0, 1, 2; loss_mask
    grad.<name>    of their sum, by every parameter; grad.features.2, grad.features.3 [N,h,w,8]
    scores [N,S,K] means over the stages, of boxes.0 as proposals; last_boxes [N,S,4]
    det_boxes [N,D,4], det_scores, det_classes [N,D], det_masks [N,D,8,8], det_counts [N]   of these
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from torch import nn
from torchvision.ops import roi_align

import formula
from geometry import MARGINS, bound, clip, decode, encode, grouped_nms, levels_of, margin, match
from geometry import padded, rasterize
from mask_rcnn_f64 import continued
from mask_rcnn_f64_model import Container, Conv

torch.set_default_dtype(torch.float64)
SALT = "85/"
K, STAGES, S, LIMIT, CHANNELS, POOL = 3, 3, 8, 2, 8, 4
VALID = [(64, 96), (60, 80)]
IOUS, WEIGHTS = [0.5, 0.6, 0.7], [[w, w, w / 2, w / 2] for w in (10.0, 20.0, 30.0)]
THRESHOLD, NMS, DETECTIONS = 0.3, 0.5, 10

OBJECTS = [
    [
        (0, [[6.3, 8.7, 35.9, 5.4, 40.6, 30.1, 22.2, 36.8, 8.4, 30.3]]),
        (2, [[50.7, 20.2, 88.3, 14.9, 91.8, 58.4, 60.6, 60.7], [70.2, 2.8, 80.9, 3.3, 75.4, 12.5]]),
        (1, [[10.5, 41.3, 40.2, 38.8, 43.7, 58.6, 17.4, 61.1]]),
    ],
    [
        (2, [[5.6, 8.9, 60.3, 3.7, 74.8, 49.2, 38.1, 51.6, 13.2, 54.4]]),
        (0, [[50.4, 31.2, 78.7, 33.9, 76.1, 57.8, 48.9, 55.3]]),
    ],
]
# Image 0 shows that of four foreground RoIs two teach masks; the last RoI of image 1 lies where there is
# no image, so that nothing is left of it when stage 0's box is clipped.
ROIS = [
    [
        [7.0, 6.0, 39.5, 38.0],
        [51.0, 4.0, 90.0, 62.0],
        [12.0, 40.0, 43.0, 59.0],
        [2.0, 3.0, 38.0, 34.0],
        [55.0, 20.0, 95.0, 63.0],
        [17.5, 6.0, 51.0, 36.0],
        [60.0, 40.0, 96.0, 64.0],
        [1.0, 50.0, 20.0, 63.0],
    ],
    [
        [4.0, 5.0, 73.0, 53.0],
        [49.5, 31.5, 79.0, 58.5],
        [9.0, 10.0, 64.0, 56.0],
        [55.0, 34.0, 80.0, 60.0],
        [0.0, 0.0, 20.0, 20.0],
        [58.0, 25.0, 80.0, 52.0],
        [84.0, 10.0, 94.0, 30.0],
    ],
]


class ScaledGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return ctx.factor * grad, None


class BoxHead(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Conv(CHANNELS, CHANNELS, 3, relu=True)
        self.fc1 = nn.Linear(CHANNELS * POOL**2, 16)

    def forward(self, x):
        return F.relu(self.fc1(self.conv1(x).flatten(1)))


class MaskHead(nn.Module):
    def __init__(self):
        super().__init__()
        self.mask_fcn1 = Conv(CHANNELS, CHANNELS, 3, relu=True)
        self.deconv = nn.ConvTranspose2d(CHANNELS, CHANNELS, 2, 2)
        self.predictor = Conv(CHANNELS, K, 1, norm=False)

    def forward(self, x):
        return self.predictor(F.relu(self.deconv(self.mask_fcn1(x))))


def heads():
    predictors = [
        Container(cls_score=nn.Linear(16, K + 1), bbox_pred=nn.Linear(16, 4)) for _ in range(STAGES)
    ]
    model = Container(
        roi_heads=Container(
            box_head=nn.ModuleList(BoxHead() for _ in range(STAGES)),
            box_predictor=nn.ModuleList(predictors),
            mask_head=MaskHead(),
        )
    )
    for name, parameter in model.named_parameters():
        value = torch.from_numpy(formula.symmetric(SALT + name, tuple(parameter.shape)))
        if name.endswith("norm.weight"):
            value = 1.0 + 0.1 * value
        elif name.endswith("bias"):
            value = 0.1 * value
        else:
            fan_in = parameter.shape[0] if "deconv" in name else parameter[0].numel()
            value = value * float(np.sqrt(3.0 / fan_in))
        parameter.data = value
    return model


def pyramid():
    maps = []
    for level, shape in ((2, (2, 16, 24, CHANNELS)), (3, (2, 8, 12, CHANNELS))):
        drawn = torch.from_numpy(formula.symmetric(f"{SALT}features.{level}", shape))
        maps.append(drawn.permute(0, 3, 1, 2).contiguous().requires_grad_())
    return maps


def pool(features, boxes, images):
    out = boxes.new_zeros(len(boxes), CHANNELS, POOL, POOL)
    levels = levels_of(boxes, 24, 2, 1e-8).clamp(max=3)
    rois = torch.cat([images[:, None].to(boxes), boxes], 1)
    for i, x in enumerate(features):
        at = torch.where(levels == i + 2)[0]
        out = out.index_put((at,), roi_align(x, rois[at], POOL, 1.0 / 2 ** (i + 2), 2, aligned=True))
    return out


def predict(model, stage, features, boxes, images):
    x = ScaledGradient.apply(pool(features, boxes, images), 1.0 / STAGES)
    x = model.roi_heads.box_head[stage](x)
    predictor = model.roi_heads.box_predictor[stage]
    return predictor.cls_score(x), predictor.bbox_pred(x)


def move(stage, boxes, deltas, images):
    moved = decode(boxes, deltas.detach(), WEIGHTS[stage])
    return torch.stack([clip(box, VALID[n]) for box, n in zip(moved, images.tolist())])


def labels_of(boxes, images, gt, stage):
    matched, classes = torch.full((len(boxes),), -1), torch.full((len(boxes),), K)
    for n in range(2):
        at = torch.where(images == n)[0]
        of_image, labels = match(boxes[at], gt[n][0], IOUS[stage], IOUS[stage], False)
        matched[at] = of_image
        classes[at[labels == 1]] = gt[n][1][of_image[labels == 1]]
    return classes, matched


def spread(values, slots, empty):
    """Rows of RoIs into [N, S]."""
    out = torch.full((2 * S, *values.shape[1:]), empty, dtype=values.dtype)
    out[slots] = values
    return out.reshape(2, S, *values.shape[1:])


def train(model, features, gt, out):
    slots = torch.tensor([n * S + i for n in range(2) for i in range(len(ROIS[n]))])
    boxes, losses = torch.tensor(ROIS[0] + ROIS[1]), []
    for stage in range(STAGES):
        images = slots // S
        classes, matched = labels_of(boxes, images, gt, stage)
        out[f"boxes.{stage}"] = spread(boxes, slots, 0)
        out[f"classes.{stage}"] = spread(classes, slots, -1)
        out[f"matched.{stage}"] = spread(matched, slots, -1)
        logits, deltas = predict(model, stage, features, boxes, images)
        fg = torch.where(classes < K)[0]
        own = torch.stack([gt[images[i]][0][matched[i]] for i in fg])
        losses.append(F.cross_entropy(logits, classes))
        losses.append((deltas[fg] - encode(boxes[fg], own, WEIGHTS[stage])).abs().sum() / len(boxes))
        if stage + 1 < STAGES:
            boxes = move(stage, boxes, deltas, images)
            sides = boxes[:, 2:] - boxes[:, :2]
            left = (sides > 0).all(1)
            margin("empty boxes", sides[left])
            boxes, slots = boxes[left], slots[left]
    chosen = torch.cat([fg[images[fg] == n][:LIMIT] for n in range(2)])
    masks = model.roi_heads.mask_head(pool(features, boxes[chosen], images[chosen]))
    targets = torch.stack(
        [torch.from_numpy(rasterize(OBJECTS[images[i]][matched[i]][1], boxes[i], 2 * POOL)) for i in chosen]
    )
    of_class = masks[torch.arange(len(chosen)), classes[chosen]]
    losses.append(F.binary_cross_entropy_with_logits(of_class, targets.double()))
    out["losses"] = torch.stack(losses)


def test(model, features, out):
    slots = torch.tensor([n * S + i for n in range(2) for i in range(len(ROIS[n]))])
    boxes, images = torch.tensor(ROIS[0] + ROIS[1]), slots // S
    scores = 0
    for stage in range(STAGES):
        logits, deltas = predict(model, stage, features, boxes, images)
        scores = scores + logits.softmax(1)[:, :K]
        boxes = move(stage, boxes, deltas, images)
    scores = scores / STAGES
    out["scores"], out["last_boxes"] = spread(scores, slots, 0), spread(boxes, slots, 0)
    margin("score threshold", (scores - THRESHOLD).abs())
    found = []
    for n in range(2):
        own = torch.where(images == n)[0]
        roi, classes = torch.where(scores[own] > THRESHOLD)
        kept = grouped_nms(boxes[own][roi], scores[own][roi, classes], classes, NMS)[:DETECTIONS]
        roi, classes = roi[kept], classes[kept]
        final = boxes[own][roi]
        masks = model.roi_heads.mask_head(pool(features, final, torch.full((len(kept),), n)))
        masks = masks[torch.arange(len(kept)), classes].sigmoid()
        found.append((final, scores[own][roi, classes], classes, masks))
    for name, rows in zip(("boxes", "scores", "classes", "masks"), zip(*found)):
        out[f"det_{name}"] = padded(rows, DETECTIONS, -1 if name == "classes" else 0)
    out["det_counts"] = torch.tensor([len(rows[0]) for rows in found])


def ground_truth(out):
    gt = [
        (torch.stack([bound(p) for _, p in objects]), torch.tensor([c for c, _ in objects]))
        for objects in OBJECTS
    ]
    boxes, classes = zip(*gt)
    out["gt_boxes"], out["gt_classes"] = padded(boxes, 3), padded(classes, 3, -1)
    vertices, starts, firsts = [], [], []
    for objects in OBJECTS:
        polygons = [polygon for _, of_object in objects for polygon in of_object]
        vertices.append(torch.tensor(sum(polygons, [])).reshape(-1, 2))
        starts.append(torch.tensor([0] + [len(p) // 2 for p in polygons]).cumsum(0))
        firsts.append(torch.tensor([0] + [len(of_object) for _, of_object in objects]).cumsum(0))
    out["polygon_xy"] = padded(vertices, max(map(len, vertices)))
    out["polygon_starts"] = continued(starts, max(map(len, starts)))
    out["instance_polygons"] = continued(firsts, 4)
    return gt


def compute():
    out, model, features = {}, heads(), pyramid()
    train(model, features, ground_truth(out), out)
    names, parameters = zip(*model.named_parameters())
    gradients = torch.autograd.grad(out["losses"].sum(), [*parameters, *features])
    out.update({f"grad.{name}": grad for name, grad in zip(names, gradients)})
    for level, grad in zip((2, 3), gradients[len(names) :]):
        out[f"grad.features.{level}"] = grad.permute(0, 2, 3, 1)
    with torch.no_grad():
        test(model, features, out)
    return out


def report(out):
    print("losses", [round(x, 4) for x in out["losses"].tolist()])
    for stage in range(STAGES):
        print("stage", stage, "classes", out[f"classes.{stage}"].tolist())
    print("detections", out["det_counts"].tolist(), out["det_classes"].tolist())
    for what, gap in sorted(MARGINS.items(), key=lambda item: item[1]):
        print(f"margin {gap:.2e}  {what}")
    assert min(MARGINS.values()) > 1e-5, "a decision hangs on rounding"


def main():
    global SALT
    SALT = sys.argv[1] if len(sys.argv) > 1 else SALT
    out = compute()
    report(out)
    arrays = {}
    for name, value in out.items():
        value = value.detach().contiguous().numpy()
        arrays[name] = value.astype(np.int32) if value.dtype == np.int64 else value
    folder = pathlib.Path(__file__).parent.parent / "data_files" / "detection"
    save_file(arrays, folder / "cascade_heads_f64.safetensors", {"salt": json.dumps(SALT)})


if __name__ == "__main__":
    main()
