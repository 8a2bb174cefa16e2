#!/usr/bin/env python3
"""What torchvision's classifiers give for one picture of 64 x 64: 1000 logits each.

    python tests/oracles/classifier_logits.py

writes tests/data_files/weights/classifier_logits.safetensors: f32 [1000] for resnet18, resnet50,
resnet101 and vgg16, computed in f64 in evaluation mode. Weights come from formula.py and
need no file, torchvision's names and shapes, rounded to f32. VGG-16 has 138 million of them, so the
values of a tensor repeat after PERIOD, a prime that divides no row:

    s[i] = symmetric(NET + "/" + name, ...)[i mod PERIOD]

    *.weight of convolutions and fully connected layers   s * sqrt(GAIN / fan_in); GAIN is 6 for
                        VGG, 3 for ResNets, so that sums over blocks do not grow
    *.weight of norms   1 + 0.1 s          *.bias, *.running_mean   0.1 s
    *.running_var       1 + 0.2 s          pixels [1, 64, 64, 3]    floor(128 (s + 1)), name pixels
"""

import pathlib

import numpy as np
import torch
import torchvision
from safetensors.numpy import save_file

import formula

PERIOD = 1_000_003
MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]  # RGB


def drawn(name, shape):
    count = int(np.prod(shape, dtype=np.int64))
    return np.resize(formula.symmetric(name, (min(count, PERIOD),)), count).reshape(shape)


def fill(net, salt, gain):
    for name, tensor in net.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        value = drawn(f"{salt}/{name}", tuple(tensor.shape))
        if name.endswith("running_var"):
            value = 1.0 + 0.2 * value
        elif name.endswith(("bias", "running_mean")):
            value = 0.1 * value
        elif tensor.dim() == 1:
            value = 1.0 + 0.1 * value
        else:
            value = value * float(np.sqrt(gain / tensor[0].numel()))
        tensor.copy_(torch.from_numpy(value.astype(np.float32)))


def main():
    pixels = np.floor(128.0 * (formula.symmetric("pixels", (1, 64, 64, 3)) + 1.0))
    x = (torch.from_numpy(pixels) - torch.tensor(MEAN).double()) / torch.tensor(STD).double()
    x, out = x.permute(0, 3, 1, 2), {}
    for salt in ("resnet18", "resnet50", "resnet101", "vgg16"):
        net = getattr(torchvision.models, salt)().eval()
        fill(net, salt, 6.0 if salt.startswith("vgg") else 3.0)
        with torch.no_grad():
            logits = net.double()(x)[0]
        out[salt] = logits.numpy().astype(np.float32)
        print(salt, logits[:3].tolist(), "largest", logits.abs().max().item())
    path = pathlib.Path(__file__).parent.parent / "data_files/weights/classifier_logits.safetensors"
    save_file(out, path)


if __name__ == "__main__":
    main()
