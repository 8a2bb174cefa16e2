"""torchvision's Mask R-CNN R50-FPN with weights by formula: what the same weights give in C++.

    python tests/oracles/torchvision_parity.py [salt]

writes tests/data_files/detection/torchvision_parity.safetensors. The model is MaskRCNN on
resnet_fpn_backbone("resnet50", norm_layer=FrozenBatchNorm2d), 91 classes, eval mode; sizes and
counts are in the metadata (`config`, JSON). The resizing transform is bypassed: the network's input
is drawn. Conventions that apply, where they differ from detectron2's:

    * background is class 0: cls_score has 91 rows, bbox_pred 4 * 91 (class-major), the mask
      predictor 91, each with a row for background; labels are 1..90
    * the stride of a stage is in the 3x3 convolution; frozen norm: y = x * scale + (bias - mean *
      scale), scale = weight / sqrt(var + 1e-5); FPN and heads have biases and no norm
    * FPN: nearest upsampling, output convolution after the sum, p6 = p5 subsampled by 2
    * anchors: sizes 32..512, ratio = height / width, cell anchors rounded to integers (half to
      even), centred at (x * stride, y * stride); strides 4..64
    * RPN: top-k per level on logits, decode with weights 1 and clamp ln(1000 / 16), clip to the
      valid size, drop sides < 1e-3, NMS per level at .7, best of all levels by score
    * RoIAlign aligned=False (no half-pixel shift, RoI sides at least 1), 2 x 2 samples, 7 x 7 and
      14 x 14; level = floor(4 + log2(sqrt(area) / 224) + 1e-6), clipped to p2..p5
    * box head fc6, fc7 on the (C, H, W) order; softmax over 91; score > .05, drop sides < 1e-2,
      NMS per class at .5, best of all classes; box weights 10, 10, 5, 5; masks: sigmoid of the
      label's row

Weights: names are the state dict's (torchvision >= 0.14), s = symmetric(name, shape) of formula.py,
computed in f64, then rounded to f32:

    *running_var                   1 + 0.1 s
    *bn3.weight                    0.25 + 0.05 s       (keeps sixteen residual sums at one scale)
    *bn1|bn2|downsample.1.weight   1 + 0.1 s
    *bias, *running_mean           0.1 s
    other weights                  s * (gain(name) * sqrt(3 / fan_in)); fan_in = product of all
                                   dimensions but the first, for conv5_mask the first

and gains as in the metadata (`gains`: the first entry whose key is contained in the name). Images:

    x[n, row, column, c] = sum over cells 64, 16, 4, 1, in this order, of amplitude(cell) * s at
        (row / cell, column / cell, c), s = symmetric("image<salt>.<n>.<cell>", [256 / cell,
        320 / cell, 3]), amplitudes .8, .6, .4, .2; in f64, then rounded to f32; zero outside the
        valid size

The file holds the float64 run's results as f32 (the f32 run must agree in every list, and its
distance is printed), activations NHWC. `<name>.sample` holds values at the flat indices
((i * 0x9E3779B97F4A7C15 mod 2^64) >> 20) mod numel, `<name>.max` [1] the largest magnitude of all.

    res2..res5, p2..p6 [N,h,w,C]; rpn_logits [N,M], rpn_deltas [N,M,4] (order: level, y, x, anchor);
    class_logits [R,91], background moved to the end; box_deltas [R,360] without background (RoIs of
    image 0, then 1); masks [D,28,28]: samples
    proposals [N,P,4], proposal_logits [N,P]; det_boxes [N,D,4], det_scores [N,D], det_classes [N,D]
    (label - 1): whole lists, in order; both images fill them

The salt was searched for: with it every decision keeps a margin over the f32 run's noise (printed).
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torchvision.ops.boxes as box_ops
from safetensors.numpy import save_file
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import FrozenBatchNorm2d, box_iou

import formula

CONFIG = {
    "image_size": [256, 320],
    "valid_sizes": [[256, 320], [224, 288]],
    "salt": 9,
    "rpn_pre_nms": 40,
    "rpn_post_nms": 80,
    "score_threshold": 0.05,
    "detections_per_image": 30,
}
GAINS = {
    "backbone.body": 2.0**0.5,
    "backbone.fpn": 0.7,
    "rpn.head.cls_logits": 1.0,
    "rpn.head.bbox_pred": 0.3,
    "box_predictor.cls_score": 5.0,
    "box_predictor.bbox_pred": 1.0,
    "mask_fcn_logits": 2.0,
    "": 2.0**0.5,
}


def build():
    backbone = resnet_fpn_backbone(
        backbone_name="resnet50", weights=None, norm_layer=FrozenBatchNorm2d
    )
    model = MaskRCNN(
        backbone,
        91,
        rpn_pre_nms_top_n_test=CONFIG["rpn_pre_nms"],
        rpn_post_nms_top_n_test=CONFIG["rpn_post_nms"],
        box_score_thresh=CONFIG["score_threshold"],
        box_detections_per_img=CONFIG["detections_per_image"],
    )
    with torch.no_grad():
        for name, value in model.state_dict().items():
            value.copy_(torch.from_numpy(draw(name, tuple(value.shape)).astype(np.float32)))
    return model.eval()


def draw(name, shape):
    s = formula.symmetric(name, shape)
    if name.endswith("running_var"):
        return 1.0 + 0.1 * s
    if name.endswith(("bias", "running_mean")):
        return 0.1 * s
    if name.endswith("bn3.weight"):
        return 0.25 + 0.05 * s
    if len(shape) == 1:
        return 1.0 + 0.1 * s
    fan_in = shape[0] if "conv5_mask" in name else int(np.prod(shape[1:]))
    gain = next(gain for part, gain in GAINS.items() if part in name)
    return s * (gain * float(np.sqrt(3.0 / fan_in)))


def images():
    height, width = CONFIG["image_size"]
    x = np.zeros((2, height, width, 3), np.float32)
    for n, (h, w) in enumerate(CONFIG["valid_sizes"]):
        total = 0.0
        for cell, amplitude in ((64, 0.8), (16, 0.6), (4, 0.4), (1, 0.2)):
            name = f"image{CONFIG['salt']}.{n}.{cell}"
            s = formula.symmetric(name, (height // cell, width // cell, 3))
            total = total + amplitude * s.repeat(cell, 0).repeat(cell, 1)
        x[n, :h, :w] = total[:h, :w].astype(np.float32)
    return torch.from_numpy(x.transpose(0, 3, 1, 2).copy())


def run(model, x, nms_calls):
    """Everything the file holds, in full. nms_calls: (boxes, scores, groups, threshold, kept)."""
    out, heads, whole = {}, {}, box_ops.batched_nms

    def recorded(boxes, scores, groups, threshold):
        kept = whole(boxes, scores, groups, threshold)
        nms_calls.append((boxes, scores, groups, threshold, kept))
        return kept

    hook = model.roi_heads.box_predictor.register_forward_hook(
        lambda module, inputs, outputs: heads.update(boxes=outputs)
    )
    box_ops.batched_nms = recorded
    try:
        for i, stage in enumerate(model.backbone.body(x).values()):
            out[f"res{i + 2}"] = stage.permute(0, 2, 3, 1)
        features = model.backbone(x)
        for i, level in enumerate(features.values()):
            out[f"p{i + 2}"] = level.permute(0, 2, 3, 1)
        logits, deltas = model.rpn.head(list(features.values()))
        n = len(x)
        out["rpn_logits"] = torch.cat([y.permute(0, 2, 3, 1).reshape(n, -1) for y in logits], 1)
        out["rpn_deltas"] = torch.cat([y.permute(0, 2, 3, 1).reshape(n, -1, 4) for y in deltas], 1)
        valid = [tuple(size) for size in CONFIG["valid_sizes"]]
        proposals, _ = model.rpn(ImageList(x, valid), features)
        detections, _ = model.roi_heads(features, proposals, valid)
    finally:
        box_ops.batched_nms = whole
        hook.remove()
    out["proposals"] = torch.stack(proposals)
    scores = [call[1][call[4]][: len(p)] for call, p in zip(nms_calls, proposals)]
    out["proposal_logits"] = torch.stack(scores).logit()
    class_logits, box_deltas = heads["boxes"]
    out["class_logits"] = class_logits.roll(-1, 1)
    out["box_deltas"] = box_deltas[:, 4:]
    for name in ("boxes", "scores"):
        out[f"det_{name}"] = torch.stack([d[name] for d in detections])
    out["det_classes"] = torch.stack([d["labels"] for d in detections]) - 1
    out["masks"] = torch.cat([d["masks"][:, 0] for d in detections])
    assert out["proposals"].shape[1] == CONFIG["rpn_post_nms"]
    assert out["det_boxes"].shape[1] == CONFIG["detections_per_image"]
    return out


SAMPLES = {"masks": 16384, "rpn_logits": 8192, "rpn_deltas": 8192, "class_logits": 8192}
SAMPLES |= {"box_deltas": 8192, **{f"res{i}": 4096 for i in range(2, 6)}}
SAMPLES |= {f"p{i}": 4096 for i in range(2, 7)}


def sample(tensor, count):
    index = (np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)
    return tensor.reshape(-1)[
        torch.from_numpy((index % np.uint64(tensor.numel())).astype(np.int64))
    ]


def nms_margins(boxes, scores, groups, threshold, kept, limit):
    """Smallest distances that decide: IoU to the threshold, and between scores that are listed."""
    is_kept = torch.zeros(len(boxes), dtype=torch.bool)
    is_kept[kept] = True
    above = (scores[:, None] > scores[None]) & (groups[:, None] == groups[None]) & is_kept[:, None]
    best = torch.where(above, box_iou(boxes, boxes), -1.0).max(0)[0]
    listed = scores[kept][: limit + 1]
    return (best - threshold).abs().min(), -listed.diff().max()


def margins(out, noise, nms_calls):
    """(what, margin, f32 noise of the quantity)"""
    for i, (boxes, *rest) in enumerate(nms_calls):
        limit = CONFIG["rpn_post_nms" if i < 2 else "detections_per_image"]
        iou, order = nms_margins(boxes, *rest, limit)
        side = (boxes[:, 2:] - boxes[:, :2]).min()
        pixels = noise["proposals" if i < 2 else "det_boxes"]
        yield f"NMS {i} IoU", iou, 4 * pixels / 10
        yield f"NMS {i} order of scores", order, noise["proposal_scores" if i < 2 else "det_scores"]
        yield f"NMS {i} smallest side", side - 1e-2, pixels
    scores = out["class_logits"].softmax(1)
    gap = (scores - CONFIG["score_threshold"]).abs().min()
    yield "score threshold", gap, noise["det_scores"]
    for name in ("proposals", "det_boxes"):
        size = (out[name][..., 2:] - out[name][..., :2]).prod(-1).sqrt()
        level = 4 + torch.log2(size / 224)
        yield f"pooler level of {name}", (level - level.round())[level > 2.5].abs().min(), 1e-6
    start, k = 0, CONFIG["rpn_pre_nms"]
    for level in range(2, 6):
        count = 3 * (CONFIG["image_size"][0] >> level) * (CONFIG["image_size"][1] >> level)
        ranked = out["rpn_logits"][:, start : start + count].sort(1, descending=True)[0]
        start += count
        yield f"top-k of p{level}", (ranked[:, k - 1] - ranked[:, k]).min(), noise["rpn_logits"]


def report(out, single, nms_calls):
    noise = {}
    for name, value in out.items():
        assert value.shape == single[name].shape, name
        if value.dtype == torch.int64:
            assert torch.equal(value, single[name]), name
        else:
            noise[name] = float((value - single[name]).abs().max())
            print(
                f"f32 noise of {name}: {noise[name] / float(value.abs().max()):.2g} of the maximum"
            )
    sigmoids = (x["proposal_logits"].sigmoid() for x in (out, single))
    noise["proposal_scores"] = float((next(sigmoids) - next(sigmoids)).abs().max())
    worst = np.inf
    for what, margin, unit in margins(out, noise, nms_calls):
        print(f"margin: {what}: {float(margin):.2g} = {float(margin) / unit:.0f} x f32 noise")
        worst = min(worst, float(margin) / unit)
    print(f"salt {CONFIG['salt']}: smallest margin {worst:.1f} x f32 noise")


def main():
    if len(sys.argv) > 1:
        CONFIG["salt"] = int(sys.argv[1])
    with torch.no_grad():
        model, x, calls = build(), images(), []
        single = run(model, x, [])
        out = run(model.double(), x.double(), calls)
    print("classes", out["det_classes"].unique().tolist())
    report(out, single, calls)
    arrays = {}
    for name, value in out.items():
        value = value.contiguous()
        if name in SAMPLES:
            arrays[f"{name}.sample"] = sample(value, SAMPLES[name]).to(torch.float32)
            arrays[f"{name}.max"] = value.abs().max().reshape(1)
        else:
            arrays[name] = value.to(torch.int32 if value.dtype == torch.int64 else torch.float32)
    arrays = {name: value.contiguous().numpy() for name, value in arrays.items()}
    folder = pathlib.Path(__file__).parent.parent / "data_files/detection"
    path = folder / "torchvision_parity.safetensors"
    save_file(arrays, path, {"config": json.dumps(CONFIG), "gains": json.dumps(GAINS)})
    print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
