"""The numbers in tests/ops/box_coder_test.cpp, by torchvision's BoxCoder in f64.

python tests/oracles/box_coder.py     # needs torch, torchvision
"""

import torch
from torchvision.models.detection._utils import BoxCoder

torch.set_printoptions(precision=17)
boxes = torch.tensor([[10, 20, 50, 100], [-5, 3.5, 7.25, 8], [100, 100, 101, 300]]).double()
gt_boxes = torch.tensor([[12, 18, 60, 90], [0, 0, 20, 10], [90, 150, 130, 250]]).double()
deltas = torch.tensor(
    [[1, 2, 3, 4, -1, -2, -3, -4], [0.5, -0.25, 30, -30, 0, 0, 0, 0], [10, -10, 25, 1, 1, 2, 3, 4]]
).double()
coder = BoxCoder((10, 10, 5, 5))
print(coder.encode_single(gt_boxes, boxes))
print(coder.decode_single(deltas, boxes).reshape(3, 2, 4))
