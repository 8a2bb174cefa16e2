"""tests/data_files/roi_align/reference.txt: torchvision.ops.roi_align in f64, forward and gradient
of sum(probe * y) with respect to the features, on numbers that an integer formula draws.

python tests/oracles/roi_align.py     # needs torch, torchvision

Features [2, 9, 12, 3] (NHWC) of stride 4, six RoIs, 3 x 3 bins; the C++ test draws the same. One
line per setting: aligned, sampling ratio, then y as [R, 3, 3, C], then the gradient as [N, H, W, C].
"""

import pathlib

import torch
import torchvision

N, H, W, C, S, STRIDE = 2, 9, 12, 3, 3, 4
OUT = pathlib.Path(__file__).resolve().parent.parent / "data_files" / "roi_align" / "reference.txt"


def formula(count, multiplier):
    """Multiples of 1/128 in [-1, 1), so that they are exact in every dtype but bf16."""
    return torch.tensor([(i * multiplier % 257) % 256 / 128 - 1 for i in range(count)]).double()


# Inside; over the border; far outside; no size; one image wide; less than a cell.
boxes = torch.tensor(
    [
        [4.5, 3.25, 30.75, 28.5],
        [-12, -9, 17.5, 20],
        [200, 100, 260, 190],
        [20, 16, 20, 16],
        [0, 0, 48, 36],
        [33.125, 21.5, 34.25, 22],
    ]
).double()
images = torch.tensor([0, 1, 0, 1, 1, 0]).double()
rois = torch.cat([images[:, None], boxes], 1)

lines = []
for aligned in (True, False):
    for ratio in (0, 1, 2, 3):
        x = formula(N * H * W * C, 37).reshape(N, H, W, C).requires_grad_(True)
        y = torchvision.ops.roi_align(
            x.permute(0, 3, 1, 2), rois, S, 1 / STRIDE, ratio, aligned
        ).permute(0, 2, 3, 1)
        probe = formula(y.numel(), 101).reshape(y.shape)
        (y * probe).sum().backward()
        numbers = y.detach().flatten().tolist() + x.grad.flatten().tolist()
        lines.append(f"{int(aligned)} {ratio} " + " ".join(f"{v:.12g}" for v in numbers))
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text("\n".join(lines) + "\n")
