"""pretrain_imagenet's network and recipe in PyTorch, to compare accuracy and speed with.

    python tests/oracles/pretraining_peer.py DATA SEED ITERATIONS [channels_last]

trains configs/caltech99/pretrain_small.toml with solver.max_iter=ITERATIONS on DATA (train/<class>/,
val/<class>/) with two threads, one of which loads images in a process of its own, and prints top-1
and the images a second of training. The same: basic blocks, widths, GroupNorm of 8 groups,
c2_msra_fill, N(0, 0.01) for the linear layer; random resized crop of .25 to 1 of the image to 80
pixels, flip, jitter .2; BGR means; SGD with momentum .9, weight decay 5e-4 on weights alone, 200
iterations of warm-up from a third, half a cosine; label smoothing .1; centre crops of 80 of 91.
"""

import math
import sys
import time

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

BATCH, SIZE, RATE, WARMUP, DECAY = 32, 80, 0.03, 200, 5e-4


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.GroupNorm(8, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.GroupNorm(8, outputs)
        self.shortcut = nn.Identity()
        if inputs != outputs or stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.GroupNorm(8, outputs)
            )

    def forward(self, x):
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


def network(num_classes):
    model = nn.Sequential(
        nn.Conv2d(3, 24, 7, 2, 3, bias=False), nn.GroupNorm(8, 24), nn.ReLU(),
        nn.MaxPool2d(3, 2, 1), Block(24, 24, 1), Block(24, 48, 2), Block(48, 96, 2),
        Block(96, 192, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(192, num_classes),
    )
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)
    return model


def rate(iteration, total):
    warmed = 1.0
    if iteration < WARMUP:
        warmed = 1 / 3 * (1 - iteration / WARMUP) + iteration / WARMUP
    return RATE * warmed * 0.5 * (1 + math.cos(math.pi * iteration / total))


def main():
    data, seed, total = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    layout = torch.channels_last if "channels_last" in sys.argv else torch.contiguous_format
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    normalise = transforms.Compose([
        transforms.ToTensor(),
        transforms.Lambda(lambda x: x.flip(0)),
        transforms.Normalize([v / 255 for v in (103.53, 116.28, 123.675)],
                             [v / 255 for v in (57.375, 57.12, 58.395)]),
    ])
    train = datasets.ImageFolder(data + "/train", transforms.Compose([
        transforms.RandomResizedCrop(SIZE, scale=(0.25, 1)), transforms.RandomHorizontalFlip(),
        transforms.ColorJitter(0.2, 0.2, 0.2), normalise,
    ]))
    val = datasets.ImageFolder(data + "/val", transforms.Compose([
        transforms.Resize(SIZE * 256 // 224), transforms.CenterCrop(SIZE), normalise,
    ]))
    model = network(len(train.classes)).to(memory_format=layout)
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.SGD([{"params": weights, "weight_decay": DECAY},
                                 {"params": others, "weight_decay": 0}], RATE, momentum=0.9)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
    loader = DataLoader(train, BATCH, shuffle=True, drop_last=True, num_workers=1,
                        persistent_workers=True)
    iteration, started = 0, None
    while iteration < total:
        for pixels, labels in loader:
            if iteration == 20:
                started = time.perf_counter()
            for group in optimizer.param_groups:
                group["lr"] = rate(iteration, total)
            optimizer.zero_grad()
            loss_of(model(pixels.contiguous(memory_format=layout)), labels).backward()
            optimizer.step()
            iteration += 1
            if iteration == total:
                break
    speed = (total - 20) * BATCH / (time.perf_counter() - started)
    correct = 0
    model.eval()
    with torch.no_grad():
        for pixels, labels in DataLoader(val, 64):
            correct += (model(pixels).argmax(1) == labels).sum().item()
    print(f"seed {seed}: top-1 {100 * correct / len(val):.2f} %, {speed:.0f} images/s")


main()
