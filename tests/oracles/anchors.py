"""The numbers in tests/ops/anchors_test.cpp: torchvision's AnchorGenerator, and the formula of
detectron2's DefaultAnchorGenerator.generate_cell_anchors, both in f32 as those projects run them.

python tests/oracles/anchors.py     # needs torch, torchvision
"""

import math

import torch
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList

torch.set_printoptions(precision=9, threshold=10000, linewidth=100)
SIZES, RATIOS = ((32,), (65,)), (0.5, 1.0, 2.0)

generator = AnchorGenerator(SIZES, (RATIOS,) * 2)
images = ImageList(torch.zeros(1, 3, 16, 24), [(16, 24)])
maps = [torch.zeros(1, 1, 4, 6), torch.zeros(1, 1, 2, 3)]
anchors = generator(images, maps)[0]
print("torchvision", anchors.shape, "rows 0-2, 3-5, 69-71, 72-74, 87-89")
for begin in (0, 3, 69, 72, 87):
    print(anchors[begin : begin + 3])
weights = torch.arange(1, anchors.numel() + 1, dtype=torch.float64).reshape(anchors.shape) % 97
print("checksum", (anchors.double() * weights).sum().item())

cells = []
for size in (32, 65):
    for ratio in RATIOS:
        w = math.sqrt(size**2.0 / ratio)
        h = ratio * w
        cells.append([-w / 2.0, -h / 2.0, w / 2.0, h / 2.0])
cells = torch.tensor(cells)
print("detectron2 cells", cells)
shift = torch.tensor([5 * 8.0, 3 * 4.0, 5 * 8.0, 3 * 4.0])
print("detectron2 at y 3, x 5, strides 4, 8", cells[:3] + shift)
