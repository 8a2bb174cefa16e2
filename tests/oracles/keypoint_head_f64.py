"""A small keypoint head in PyTorch, float64: what RoiHeads must give, and torchvision's own functions.

    python tests/oracles/keypoint_head_f64.py

writes tests/data_files/detection/keypoint_head_f64.safetensors. Names, layouts and arithmetic are
detectron2's: ROIAlignV2 of one level, two 3x3 convolutions with ReLU (with GroupNorm in a second head),
a 4x4 deconvolution of stride 2, bilinear enlargement by two, and cross-entropy over the places of
each visible keypoint. Features and weights come from formula.py, with s = symmetric(name, shape):

    features       s, name features, shape [2, 16, 24, 16] (NHWC), of stride 4
    *norm.weight   1 + 0.1 s
    *bias          0.1 s
    other weights  s * sqrt(3 / fan_in), names roi_heads.keypoint_head.*; of the deconvolution
                   [16, 5, 4, 4] fan_in is 16 * 4: each output reads a quarter of the kernel

The file holds f64, indices i32; gradients of parameters in PyTorch's layouts, activations NHWC. N = 2
images, G = 3 slots of ground truth, R RoIs, F those with a visible keypoint, J = 5 keypoints.

    gt_boxes [N,G,4], gt_classes [N,G] (-1: empty), gt_keypoints [N,G,J,3]
    roi_boxes [R,4], roi_images, roi_classes (background 3), roi_gt [R]
    posed [F]              the RoIs that learn, in order
    places [F,J]           y * 28 + x, or -1; by torchvision's keypoints_to_heatmap
    logits [F,28,28,J]
    loss_visible, loss_static   mean over visible keypoints (torchvision's keypointrcnn_loss); their
                           sum / (2 images * 4 RoIs * J)
    grad.<name>            of loss_visible, by every parameter of the head; grad.features [N,16,24,16]
    gn.logits, gn.loss, gn.grad.<name>   the same of the head with GroupNorm
    peak_boxes [B,4], peaks [B,J,3]   on maps 4 s, name peaks, [B,28,28,J]: detectron2's
                           heatmaps_to_keypoints: x, y and score; torchvision's places agree
"""

import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from torch import nn
from torchvision.models.detection.roi_heads import (
    heatmaps_to_keypoints,
    keypointrcnn_loss,
    keypoints_to_heatmap,
)
from torchvision.ops import roi_align

import formula

torch.set_default_dtype(torch.float64)
J, SIZE, POOL, CLASSES = 5, 28, 7, 3

GT_BOXES = [[[4.5, 6.25, 40.0, 55.5], [30.0, 10.0, 88.75, 60.5], [0, 0, 0, 0]],
            [[10.0, 8.0, 70.5, 59.0], [50.25, 20.5, 90.0, 50.0], [2.0, 40.0, 20.0, 62.0]]]
GT_CLASSES = [[0, 2, -1], [1, 0, 2]]
# x, y, v; one exactly on the right and lower edge of its box, some missing, one hidden.
GT_KEYPOINTS = [
    [[[10.3, 12.7, 2], [40.0, 55.5, 2], [0, 0, 0], [22.6, 30.1, 1], [35.2, 9.9, 2]],
     [[33.1, 15.2, 2], [80.4, 17.7, 2], [60.0, 40.0, 0], [45.5, 58.3, 2], [88.1, 50.9, 1]],
     [[0, 0, 0]] * J],
    [[[12.2, 10.4, 1], [65.7, 12.8, 2], [40.1, 33.3, 2], [0, 0, 0], [69.9, 58.2, 2]],
     [[0, 0, 0]] * J,
     [[5.5, 45.5, 2], [0, 0, 0], [0, 0, 0], [0, 0, 0], [18.2, 60.7, 2]]],
]
# The object's own box, near ones, one that leaves most keypoints out, one whose object has none, a
# background one, one that holds no keypoint of its object.
ROIS = [
    (0, 0, 0, GT_BOXES[0][0]),
    (0, 0, 0, [8.0, 5.0, 38.5, 52.25]),
    (0, 2, 1, [28.5, 12.25, 90.0, 63.0]),
    (0, 3, 0, [60.0, 2.0, 90.0, 30.0]),
    (1, 1, 0, GT_BOXES[1][0]),
    (1, 1, 0, [35.0, 25.0, 66.0, 50.0]),
    (1, 0, 1, GT_BOXES[1][1]),
    (1, 2, 2, [1.5, 42.0, 22.75, 63.5]),
    (1, 1, 0, [14.0, 15.0, 30.0, 30.0]),
]
PEAK_BOXES = [[3.25, 4.5, 40.75, 61.0], [10.0, 10.0, 10.4, 10.2], [0.0, 0.0, 97.3, 33.9],
              [20.5, 30.5, 48.5, 58.5]]


class Head(nn.Module):
    def __init__(self, channels=16, norm=False):
        super().__init__()
        self.convs = [nn.Conv2d(16, channels, 3, padding=1, bias=not norm) for _ in range(2)]
        self.norms = [nn.GroupNorm(4, channels, 1e-5) if norm else None for _ in range(2)]
        self.score_lowres = nn.ConvTranspose2d(channels, J, 4, 2, 1)

    def parameters_by_name(self):
        named = {}
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            named.update({f"conv_fcn{i + 1}.{k}": v for k, v in conv.named_parameters()})
            if norm is not None:
                named.update({f"conv_fcn{i + 1}.norm.{k}": v for k, v in norm.named_parameters()})
        named.update({f"score_lowres.{k}": v for k, v in self.score_lowres.named_parameters()})
        return {"roi_heads.keypoint_head." + k: v for k, v in named.items()}

    def fill(self):
        for name, tensor in self.parameters_by_name().items():
            shape = tuple(tensor.shape)
            drawn = formula.symmetric(name, shape)
            if name.endswith("norm.weight"):
                values = 1 + 0.1 * drawn
            elif name.endswith("bias"):
                values = 0.1 * drawn
            else:
                fan_in = 16 * 4 if "score_lowres" in name else int(np.prod(shape[1:]))
                values = drawn * np.sqrt(3.0 / fan_in)
            with torch.no_grad():
                tensor.copy_(torch.from_numpy(np.asarray(values)))

    def forward(self, x):
        for conv, norm in zip(self.convs, self.norms):
            x = conv(x)
            x = F.relu(norm(x) if norm is not None else x)
        return F.interpolate(self.score_lowres(x), scale_factor=2, mode="bilinear", align_corners=False)


def peaks_of(maps, rois):
    """heatmaps_to_keypoints of detectron2, in the dtype of its inputs."""
    found = torch.zeros(len(rois), J, 3)
    for i, (x0, y0, x1, y1) in enumerate(rois.tolist()):
        width, height = max(x1 - x0, 1.0), max(y1 - y0, 1.0)
        cells = (int(np.ceil(height)), int(np.ceil(width)))
        resized = F.interpolate(maps[i:i + 1], size=cells, mode="bicubic", align_corners=False)[0]
        for j in range(J):
            ordered = resized[j].flatten().sort(descending=True).values
            assert len(ordered) == 1 or ordered[0] - ordered[1] > 1e-9, "a tie decides nothing"
            place = int(resized[j].argmax())
            y, x = divmod(place, cells[1])
            highest = resized[j].max()
            found[i, j, 0] = (x + 0.5) * (width / cells[1]) + x0
            found[i, j, 1] = (y + 0.5) * (height / cells[0]) + y0
            found[i, j, 2] = 1 / (maps[i, j] - highest).exp().sum()
    theirs, _ = heatmaps_to_keypoints(maps, rois)
    assert (theirs[..., :2].double() - found[..., :2]).abs().max() < 1e-5
    return found


def nhwc(x):
    return x.detach().permute(0, 2, 3, 1).contiguous().numpy()


def main():
    keypoints = torch.tensor(GT_KEYPOINTS)
    boxes = torch.tensor([roi[3] for roi in ROIS])
    images, classes, matched = (torch.tensor([roi[k] for roi in ROIS]) for k in range(3))
    own = keypoints[images, matched]
    places, valid = keypoints_to_heatmap(own, boxes, SIZE)
    learns = (valid > 0).any(1) & (classes < CLASSES)
    posed = torch.nonzero(learns).flatten()
    result = {
        "gt_boxes": torch.tensor(GT_BOXES).numpy(),
        "gt_classes": np.array(GT_CLASSES, np.int32),
        "gt_keypoints": keypoints.numpy(),
        "roi_boxes": boxes.numpy(),
        "roi_images": images.numpy().astype(np.int32),
        "roi_classes": classes.numpy().astype(np.int32),
        "roi_gt": matched.numpy().astype(np.int32),
        "posed": posed.numpy().astype(np.int32),
        "places": torch.where(valid > 0, places, -1)[posed].numpy().astype(np.int32),
    }
    for prefix, norm in (("", False), ("gn.", True)):
        features = torch.from_numpy(formula.symmetric("features", (2, 16, 24, 16)))
        features = features.permute(0, 3, 1, 2).contiguous().requires_grad_()
        rois = torch.cat([images[posed, None].double(), boxes[posed]], 1)
        head = Head(norm=norm)
        head.fill()
        logits = head(roi_align(features, rois, POOL, 1 / 4, 2, True))
        per_image = [posed[images[posed] == n] for n in range(2)]
        loss = keypointrcnn_loss(logits, [boxes[p] for p in per_image], [keypoints[n] for n in range(2)],
                                 [matched[p] for p in per_image])
        by_hand = F.cross_entropy(logits.reshape(-1, SIZE * SIZE)[valid[posed].flatten() > 0],
                                  places[posed].flatten()[valid[posed].flatten() > 0], reduction="sum")
        count = int((valid[posed] > 0).sum())
        assert abs(float(by_hand) / count - float(loss)) < 1e-12
        loss.backward()
        result[prefix + "logits"] = nhwc(logits)
        result[(prefix or "") + ("loss" if norm else "loss_visible")] = loss.detach().numpy()
        if not norm:
            result["loss_static"] = (by_hand / (2 * 4 * J)).detach().numpy()
            result["grad.features"] = nhwc(features.grad)
        for name, tensor in head.parameters_by_name().items():
            result[f"{prefix}grad.{name}"] = tensor.grad.numpy()
    peak_boxes = torch.tensor(PEAK_BOXES)
    maps = torch.from_numpy(formula.symmetric("peaks", (len(PEAK_BOXES), SIZE, SIZE, J)))
    result["peak_boxes"] = peak_boxes.numpy()
    result["peaks"] = peaks_of(4 * maps.permute(0, 3, 1, 2).contiguous(), peak_boxes).numpy()
    print(len(posed), "RoIs learn", count, "keypoints; losses",
          [float(result[k]) for k in ("loss_visible", "loss_static", "gn.loss")])
    folder = pathlib.Path(__file__).parent.parent / "data_files" / "detection"
    save_file({k: np.ascontiguousarray(v) for k, v in result.items()},
              folder / "keypoint_head_f64.safetensors")


if __name__ == "__main__":
    main()
