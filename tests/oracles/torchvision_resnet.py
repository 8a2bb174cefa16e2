#!/usr/bin/env python3
"""A ResNet of a few thousand parameters with torchvision's own code and names, and its features.

Writes tests/data_files/weights/torchvision_resnet.safetensors (the state dict, nothing else) and
torchvision_resnet_features.safetensors: pixels u8 [1, 64, 96, 3], res2..res5 [1, C, h, w], computed
from RGB (p / 255 - mean) / std in evaluation mode.
"""
import os

import torch
from safetensors.torch import save_file
from torchvision.models.resnet import Bottleneck, ResNet

OUT = os.path.join(os.path.dirname(__file__), "..", "data_files", "weights")


def tiny_resnet():
    net = ResNet(Bottleneck, [1, 1, 1, 1], groups=2, width_per_group=32)
    net.inplanes = 4
    net.conv1 = torch.nn.Conv2d(3, 4, 7, 2, 3, bias=False)
    net.bn1 = torch.nn.BatchNorm2d(4)
    for stage in range(4):
        layer = net._make_layer(Bottleneck, 2 << stage, 1 if stage else 2, stride=2 if stage else 1)
        setattr(net, f"layer{stage + 1}", layer)
    net.fc = torch.nn.Linear(64, 5)
    return net


def main():
    torch.manual_seed(0)
    net = tiny_resnet().eval()
    for name, tensor in net.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2)
        elif "bn" in name or "downsample.1" in name:
            if tensor.is_floating_point():
                tensor.uniform_(-0.5, 0.5) if not name.endswith("weight") else tensor.uniform_(0.5, 1.5)
    save_file(net.state_dict(), os.path.join(OUT, "torchvision_resnet.safetensors"))

    pixels = torch.randint(0, 256, (1, 64, 96, 3), dtype=torch.uint8)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = ((pixels.float() / 255 - mean) / std).permute(0, 3, 1, 2)
    found = {"pixels": pixels}
    with torch.no_grad():
        x = net.maxpool(net.relu(net.bn1(net.conv1(x))))
        for stage in range(1, 5):
            x = getattr(net, f"layer{stage}")(x)
            found[f"res{stage + 1}"] = x.contiguous()
    save_file(found, os.path.join(OUT, "torchvision_resnet_features.safetensors"))
    for name, tensor in net.state_dict().items():
        print(name, list(tensor.shape))


if __name__ == "__main__":
    main()
