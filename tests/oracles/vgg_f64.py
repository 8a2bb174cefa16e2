#!/usr/bin/env python3
"""A VGG-16 of a few thousand parameters with torchvision's own code, float64: logits and gradients.

    python tests/oracles/vgg_f64.py

writes tests/data_files/weights/vgg_f64.safetensors. Two networks, `plain` and `bn` (batch norm),
with widths 4, 6, 8, 8, 8, two fully connected layers of 8 and five classes; 2 pictures of 64 x 96,
so that the map before the adaptive pool is 2 x 3. Weights and pixels come from formula.py, with
s = symmetric(NET + "/" + name, shape) and torchvision's names and shapes:

    *.weight of convolutions and fully connected layers   s * sqrt(6 / fan_in)
    *.weight of norms   1 + 0.1 s          *.bias, *.running_mean   0.1 s
    *.running_var       1 + 0.2 s          pixels [2, 64, 96, 3]    floor(128 (s + 1)), name pixels

For NET in plain, bn, all f64:

    NET.eval [2, 5]     logits in evaluation mode
    NET.logits [2, 5]   logits in training mode, without dropout
    NET.loss []         mean cross-entropy of the classes 1 and 3
    NET.grad.<name>     its gradients, torchvision's names and layouts; of biases in front of a norm
                        there are none, the norm takes them away
"""

import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file
from torchvision.models.vgg import VGG, make_layers

import formula

WIDTHS = [4, 4, "M", 6, 6, "M", 8, 8, 8, "M", 8, 8, 8, "M", 8, 8, 8, "M"]
MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]  # RGB


def narrow_vgg(batch_norm):
    net = VGG(make_layers(WIDTHS, batch_norm=batch_norm), num_classes=5, init_weights=False)
    net.classifier[0] = torch.nn.Linear(8 * 7 * 7, 8)
    net.classifier[3] = torch.nn.Linear(8, 8)
    net.classifier[6] = torch.nn.Linear(8, 5)
    for dropout in (net.classifier[2], net.classifier[5]):
        dropout.p = 0
    return net


def fill(net, salt):
    for name, tensor in net.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        value = formula.symmetric(f"{salt}/{name}", tuple(tensor.shape))
        if name.endswith("running_var"):
            value = 1.0 + 0.2 * value
        elif name.endswith(("bias", "running_mean")):
            value = 0.1 * value
        elif tensor.dim() == 1:
            value = 1.0 + 0.1 * value
        else:
            value = value * float(np.sqrt(6.0 / tensor[0].numel()))
        tensor.copy_(torch.from_numpy(value))


def main():
    torch.set_default_dtype(torch.float64)
    pixels = np.floor(128.0 * (formula.symmetric("pixels", (2, 64, 96, 3)) + 1.0))
    x = (torch.from_numpy(pixels) - torch.tensor(MEAN)) / torch.tensor(STD)
    x, labels, out = x.permute(0, 3, 1, 2), torch.tensor([1, 3]), {}
    for salt in ("plain", "bn"):
        net = narrow_vgg(salt == "bn")
        fill(net, salt)
        with torch.no_grad():
            out[f"{salt}.eval"] = net.eval()(x)
        logits = net.train()(x)
        loss = torch.nn.functional.cross_entropy(logits, labels)
        loss.backward()
        out[f"{salt}.logits"], out[f"{salt}.loss"] = logits, loss
        for name, parameter in net.named_parameters():
            if salt == "bn" and name.startswith("features") and name.endswith("bias"):
                layer = net.features[int(name.split(".")[1])]
                if isinstance(layer, torch.nn.Conv2d):
                    continue
            out[f"{salt}.grad.{name}"] = parameter.grad
        print(salt, out[f"{salt}.eval"].tolist(), logits.tolist(), loss.item())
    path = pathlib.Path(__file__).parent.parent / "data_files/weights/vgg_f64.safetensors"
    save_file({name: np.ascontiguousarray(v.detach().numpy()) for name, v in out.items()}, path)


if __name__ == "__main__":
    main()
