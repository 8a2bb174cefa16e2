"""Digests of masks pasted by torch.grid_sample (as detectron2 calls it) and by torchvision.

    python tests/oracles/mask_paste.py > tests/data_files/mask_paste/digests.txt

One line per image: for each detection the CRC-32 of the full-image mask (bytes 0 or 1, row-major)
under the continuous and the whole-pixel rule. "-" stands where a pixel lies so near the threshold
that the order of additions decides. Every fourth image has masks of zeros and ones in boxes whose
sizes make the continuous arithmetic exact, so that 0.5 itself occurs. The C++ test draws the same
images (tests/ops/mask_paste_test.cpp).
"""

import zlib

import numpy as np
import torch
from draw import Draw
from torch.nn import functional as F
from torchvision.models.detection.roi_heads import paste_masks_in_image

IMAGES, DETECTIONS, MARGIN = 40, 5, 2e-6


def draw_image(index):
    draw = Draw(index)
    exact = index % 4 == 3
    grid = 28 if index % 2 else 14
    height, width = 20 + draw.below(200), 20 + draw.below(200)
    masks = np.zeros((DETECTIONS, grid, grid), np.float32)
    boxes = np.zeros((DETECTIONS, 4), np.float32)
    for d in range(DETECTIONS):
        for i in range(grid * grid):
            masks[d].flat[i] = draw.below(2) if exact else draw.below(65536) / 65535
        x0, y0 = (draw.below(10 * side) / 10 - side / 4 for side in (width, height))
        w, h = (draw.below(10 * side) / 10 for side in (width, height))
        if exact:
            x0, y0 = int(x0), int(y0)
            w, h = grid / 2 * 2 ** draw.below(4), grid / 2 * 2 ** draw.below(4)
        boxes[d] = [x0, y0, x0 + w, y0 + h]
    return exact, torch.from_numpy(masks), torch.from_numpy(boxes), height, width


def paste_continuous(masks, boxes, height, width):
    """detectron2/layers/mask_ops.py, _do_paste_mask without skip_empty."""
    masks = masks[:, None]
    x0, y0, x1, y1 = torch.split(boxes, 1, dim=1)
    img_y = torch.arange(0, height, dtype=torch.float32) + 0.5
    img_x = torch.arange(0, width, dtype=torch.float32) + 0.5
    img_y = (img_y - y0) / (y1 - y0) * 2 - 1
    img_x = (img_x - x0) / (x1 - x0) * 2 - 1
    n = masks.shape[0]
    gx = img_x[:, None, :].expand(n, height, width)
    gy = img_y[:, :, None].expand(n, height, width)
    return F.grid_sample(masks, torch.stack([gx, gy], dim=3), align_corners=False)[:, 0]


def paste_whole_pixel(mask, box, height, width):
    try:
        return paste_masks_in_image(mask[None, None], box[None], (height, width))[0, 0]
    except RuntimeError:  # the enlarged box lies outside the image
        return torch.zeros(height, width)


def digest(probability, inside, exact):
    if not exact and (probability - 0.5).abs().min() < MARGIN:
        return "-"
    return f"{zlib.crc32(np.ascontiguousarray(inside.numpy().astype(np.uint8)).tobytes()):08x}"


def main():
    for index in range(IMAGES):
        exact, masks, boxes, height, width = draw_image(index)
        continuous = paste_continuous(masks, boxes, height, width)
        whole = [paste_whole_pixel(m, b, height, width) for m, b in zip(masks, boxes)]
        line = []
        for c, w in zip(continuous, whole):
            line += [digest(c, c >= 0.5, exact), digest(w, w > 0.5, exact)]
        print(*line)


if __name__ == "__main__":
    main()
