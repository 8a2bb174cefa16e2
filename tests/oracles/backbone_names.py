#!/usr/bin/env python3
"""Names and shapes of detectron2's backbones, one "name shape" a line, in byte order.

Structure and shapes are torchvision's own; the names follow detectron2/modeling/backbone/resnet.py
(stem.conv1, res2 ... res5, shortcut, convI.norm) and fpn.py (fpn_lateralL, fpn_outputL).
Writes tests/data_files/nn/*.txt.
"""
import os
import re

from torchvision.models import resnet18, resnet50, resnext50_32x4d

OUT = os.path.join(os.path.dirname(__file__), "..", "data_files", "nn")


def detectron2_name(name):
    name = re.sub(r"^layer(\d)", lambda m: f"res{int(m[1]) + 1}", name)
    name = re.sub(r"^(conv1|bn1)", r"stem.\1", name)
    name = name.replace("downsample.0", "shortcut").replace("downsample.1", "shortcut.norm")
    return re.sub(r"bn(\d)", r"conv\1.norm", name)


def trunk(net, statistics):
    for name, tensor in net.state_dict().items():
        if name.startswith("fc.") or name.endswith("num_batches_tracked"):
            continue
        if "running" in name and not statistics:
            continue
        yield detectron2_name(name), list(tensor.shape)


def pyramid(channels, width):
    for level, c in zip(range(2, 6), channels):
        for kind, shape in (("lateral", [width, c, 1, 1]), ("output", [width, width, 3, 3])):
            yield f"fpn_{kind}{level}.weight", shape
            yield f"fpn_{kind}{level}.norm.weight", [width]
            yield f"fpn_{kind}{level}.norm.bias", [width]


def write(file, entries):
    with open(os.path.join(OUT, file), "w") as out:
        out.writelines(sorted(f"{name} {shape}\n" for name, shape in entries))


def main():
    r50_fpn = [("bottom_up." + name, shape) for name, shape in trunk(resnet50(), False)]
    write("r50_fpn_gn.txt", r50_fpn + list(pyramid([256, 512, 1024, 2048], 256)))
    write("x50_32x4d_gn.txt", trunk(resnext50_32x4d(), False))
    write("r18_frozen_bn.txt", trunk(resnet18(), True))


if __name__ == "__main__":
    main()
