"""The model of mask_rcnn_f64.py: configuration, modules, weights and images by formula."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.ops import roi_align

import formula
import geometry

CONFIG = {
    "salt": "14/",
    "num_classes": 3,
    "image_size": [64, 96],
    "valid_sizes": [[64, 96], [60, 80]],
    "norm": "GN",
    "norm_groups": 4,
    "norm_eps": 1e-5,
    "stem_channels": 8,
    "block": "bottleneck, stride in the 3x3, projection where stride != 1 or channels change",
    "stage_depths": [1, 2, 1, 1],
    "bottleneck_widths": [4, 8, 16, 32],
    "stage_channels": [16, 32, 64, 128],
    "fpn_channels": 16,
    "anchor_sizes": [8, 16, 32, 64, 128],
    "anchor_ratios": [0.5, 1.0, 2.0],
    "rpn_thresholds": [0.3, 0.7],
    "rpn_batch_per_image": 64,
    "rpn_positive_fraction": 0.5,
    "rpn_normaliser": "rpn_batch_per_image * N = 128, both losses",
    "rpn_nms": 0.7,
    "rpn_pre_nms": 200,
    "rpn_post_nms": 100,
    "box_weights_rpn": [1, 1, 1, 1],
    "box_weights_roi": [10, 10, 5, 5],
    "pooler": "ROIAlignV2 aligned, sampling 2, p2..p5",
    "canonical_size": 24,
    "canonical_level": 4,
    "level_eps": 1e-8,
    "box_pool": 4,
    "mask_pool": 7,
    "box_head": "2 conv3x3-16 GN ReLU, fc 32 ReLU",
    "mask_head": "2 conv3x3-16 GN ReLU, deconv 2x2 s2 16 ReLU, 1x1",
    "score_threshold": 0.24,
    "box_nms": 0.4,
    "detections_per_image": 20,
}
K, HEIGHT, WIDTH = CONFIG["num_classes"], *CONFIG["image_size"]


class Conv(nn.Conv2d):
    """Convolution, then GN and ReLU where asked; no bias before a norm."""

    def __init__(self, c_in, c_out, kernel, stride=1, norm=True, relu=False):
        super().__init__(c_in, c_out, kernel, stride, kernel // 2, bias=not norm)
        self.norm = nn.GroupNorm(4, c_out, 1e-5) if norm else None
        self.relu = relu

    def forward(self, x):
        x = super().forward(x)
        x = self.norm(x) if self.norm is not None else x
        return F.relu(x) if self.relu else x


class Bottleneck(nn.Module):
    def __init__(self, c_in, width, c_out, stride):
        super().__init__()
        self.shortcut = Conv(c_in, c_out, 1, stride) if stride != 1 or c_in != c_out else None
        self.conv1 = Conv(c_in, width, 1, relu=True)
        self.conv2 = Conv(width, width, 3, stride, relu=True)
        self.conv3 = Conv(width, c_out, 1)

    def forward(self, x):
        identity = self.shortcut(x) if self.shortcut is not None else x
        return F.relu(self.conv3(self.conv2(self.conv1(x))) + identity)


class Stem(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = Conv(3, channels, 7, 2, relu=True)

    def forward(self, x):
        return F.max_pool2d(self.conv1(x), 3, 2, 1)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Stem(CONFIG["stem_channels"])
        c_in = CONFIG["stem_channels"]
        for i, depth in enumerate(CONFIG["stage_depths"]):
            width, c_out = CONFIG["bottleneck_widths"][i], CONFIG["stage_channels"][i]
            blocks = []
            for j in range(depth):
                blocks.append(Bottleneck(c_in, width, c_out, 2 if i > 0 and j == 0 else 1))
                c_in = c_out
            setattr(self, f"res{i + 2}", nn.Sequential(*blocks))

    def forward(self, x):
        x, stages = self.stem(x), []
        for i in range(2, 6):
            x = getattr(self, f"res{i}")(x)
            stages.append(x)
        return stages


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.bottom_up = ResNet()
        for i, channels in enumerate(CONFIG["stage_channels"]):
            setattr(self, f"fpn_lateral{i + 2}", Conv(channels, CONFIG["fpn_channels"], 1))
            setattr(
                self,
                f"fpn_output{i + 2}",
                Conv(CONFIG["fpn_channels"], CONFIG["fpn_channels"], 3),
            )

    def forward(self, x):
        stages, top, pyramid = self.bottom_up(x), None, {}
        for i in range(5, 1, -1):
            lateral = getattr(self, f"fpn_lateral{i}")(stages[i - 2])
            top = (
                lateral
                if top is None
                else lateral + F.interpolate(top, scale_factor=2, mode="nearest")
            )
            pyramid[i] = getattr(self, f"fpn_output{i}")(top)
        pyramid[6] = F.max_pool2d(pyramid[5], 1, 2)
        return [pyramid[i] for i in range(2, 7)]


class RpnHead(nn.Module):
    def __init__(self, channels=16):
        super().__init__()
        self.conv = Conv(channels, channels, 3, norm=False, relu=True)
        self.objectness_logits = Conv(channels, 3, 1, norm=False)
        self.anchor_deltas = Conv(channels, 12, 1, norm=False)

    def forward(self, features):
        logits, deltas = [], []
        for x in map(self.conv, features):
            n = x.shape[0]
            logits.append(self.objectness_logits(x).permute(0, 2, 3, 1).reshape(n, -1))
            deltas.append(self.anchor_deltas(x).permute(0, 2, 3, 1).reshape(n, -1, 4))
        return torch.cat(logits, 1), torch.cat(deltas, 1)


class BoxHead(nn.Module):
    def __init__(self, channels=16):
        super().__init__()
        self.conv1 = Conv(channels, channels, 3, relu=True)
        self.conv2 = Conv(channels, channels, 3, relu=True)
        self.fc1 = nn.Linear(channels * CONFIG["box_pool"] ** 2, 32)

    def forward(self, x):
        return F.relu(self.fc1(self.conv2(self.conv1(x)).flatten(1)))


class MaskHead(nn.Module):
    def __init__(self, channels=16):
        super().__init__()
        self.mask_fcn1 = Conv(channels, channels, 3, relu=True)
        self.mask_fcn2 = Conv(channels, channels, 3, relu=True)
        self.deconv = nn.ConvTranspose2d(channels, channels, 2, 2)
        self.predictor = Conv(channels, K, 1, norm=False)

    def forward(self, x):
        return self.predictor(F.relu(self.deconv(self.mask_fcn2(self.mask_fcn1(x)))))


class Container(nn.Module):
    def __init__(self, **children):
        super().__init__()
        for name, child in children.items():
            setattr(self, name, child)


class MaskRcnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Backbone()
        self.proposal_generator = Container(rpn_head=RpnHead())
        predictor = Container(cls_score=nn.Linear(32, K + 1), bbox_pred=nn.Linear(32, 4 * K))
        self.roi_heads = Container(
            box_head=BoxHead(), box_predictor=predictor, mask_head=MaskHead()
        )

    def predict_boxes(self, features, boxes, images):
        x = self.roi_heads.box_head(pool(features, boxes, images, CONFIG["box_pool"]))
        return self.roi_heads.box_predictor.cls_score(x), self.roi_heads.box_predictor.bbox_pred(x)

    def predict_masks(self, features, boxes, images):
        return self.roi_heads.mask_head(pool(features, boxes, images, CONFIG["mask_pool"]))


def draw(name, shape):
    return formula.symmetric(CONFIG["salt"] + name, shape)


def fill(model):
    for name, parameter in model.named_parameters():
        value = torch.from_numpy(draw(name, tuple(parameter.shape)))
        if name.endswith("norm.weight"):
            value = 1.0 + 0.1 * value
        elif name.endswith("bias"):
            value = 0.1 * value
        else:
            fan_in = parameter.shape[0] if "deconv" in name else parameter[0].numel()
            value = value * float(np.sqrt(3.0 / fan_in))
        parameter.data = value


def images():
    x = torch.zeros(2, HEIGHT, WIDTH, 3, dtype=torch.float64)
    for n, (height, width) in enumerate(CONFIG["valid_sizes"]):
        drawn = torch.from_numpy(draw(f"image.{n}", (HEIGHT, WIDTH, 3)))
        x[n, :height, :width] = drawn[:height, :width]
    return x.permute(0, 3, 1, 2).contiguous()


def roi_levels(boxes):
    return geometry.levels_of(
        boxes, CONFIG["canonical_size"], CONFIG["canonical_level"], CONFIG["level_eps"]
    )


def pool(features, boxes, image_index, size):
    out, levels = boxes.new_zeros(len(boxes), features[0].shape[1], size, size), roi_levels(boxes)
    rois = torch.cat([image_index[:, None].to(boxes), boxes], 1)
    for i in range(4):
        at = torch.where(levels == i + 2)[0]
        scale = 1.0 / 2 ** (i + 2)
        out = out.index_put((at,), roi_align(features[i], rois[at], size, scale, 2, aligned=True))
    return out
