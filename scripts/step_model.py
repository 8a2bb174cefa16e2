#!/usr/bin/env python3
"""Estimates a training step on a GPU that is not here.

    build/bin/bench_step --config configs/bench/r50_gn_800x1216.toml --foreground 128 --iters 1 \\
        --warmup 0 --ops ops.txt solver.images_per_batch=1 solver.images_per_group=1
    scripts/step_model.py ops.txt --card h100 --batch 8

Every op of the list becomes the launches that the CUDA half makes of it, forward and backward. A
launch takes as long as the slowest of what it needs, at the share of a card's datasheet that real
steps reach:

    tensor cores   FLOPs of convolutions and linear layers
    memory         bytes read and written once per pass; what the L2 cache may still hold counts as read
    issue          instructions: what a kernel's loop may cost for 16 bytes, by the budgets that its
                   machine code is held to (tests/layout/kernel_budgets.txt), times the vectors of 16
                   bytes that it goes through, over SMs x 4 schedulers x 32 lanes
    latency        the shortest kernel there is

It is an estimate: nothing in it was measured on the card. Where something was (a report of
scripts/gpu_check.sh), --report puts the measured groups beside it.
"""

import argparse
import math
import os
import re
import sys
from collections import defaultdict
from dataclasses import dataclass

# Datasheets: streaming multiprocessors, boost clock in GHz, GB/s, dense bf16 TFLOP/s.
CARDS = {
    "h100": ("H100 SXM", 132, 1.83, 3350, 989),
    "h200": ("H200", 132, 1.83, 4800, 989),
    "a100": ("A100 SXM 80 GB", 108, 1.41, 2039, 312),
    "l4": ("L4", 58, 2.04, 300, 121),
    "rtx4090": ("RTX 4090", 128, 2.52, 1008, 165),
}
# The floor: what matrix products and copies alone reach of an H100's datasheet.
ALONE = {"tensor cores": 0.76, "memory": 0.87, "issue": 1.0}
# What NVIDIA's own MLPerf v3.0 entry of this model reaches of it: half of that, and three quarters.
# Issue: a kernel of a full SM's warps.
IN_A_STEP = {"tensor cores": 0.38, "memory": 0.65, "issue": 0.7}
LATENCY = 3e-6  # of the shortest kernel, and between two that depend on each other
HOST = 4e-6  # to enqueue a launch without a graph

# The ops without gradients, which the list does not hold: matching, sampling, sorting and NMS of anchors
# and proposals, targets. About so many launches a step, and so many rounds of NMS that wait for each other.
SELECTION = {"rpn": (40, 137), "box_head": (15, 0), "mask_head": (5, 0)}

BUDGETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/layout/kernel_budgets.txt")
# Of each kernel: its line of the budgets, and how many vectors one round of its loop does, or, where it
# has no loop, the whole kernel.
LOOPS = {
    "group_norm statistics": ("group_norm: SlabSums<MomentTerm<bfloat16>, 8>", 4),
    "group_norm normalize": ("group_norm: MapSlabs<Normalize<bfloat16, true, false>, 8>", 2),
    "group_norm sums": ("group_norm: SlabSums<GradientTerm<bfloat16, kFromX>, 8>", 2),
    "group_norm input gradient": ("group_norm: MapSlabs<InputGradient<bfloat16, kFromX, false>, 8>", 2),
    "bias gradient": ("bias: SlabSums<bias_blocks::BiasTerm<bfloat16, false>, 8>", 4),
    "relu": ("relu: Forward<bfloat16> x8", 1),
    "relu backward": ("relu: Backward<bfloat16, false> x8", 1),
    "max_pool2d": ("max_pool2d: Forward<bfloat16, WindowSizes<3, 2, 1>>  x8", 4),  # of its input
    "max_pool2d backward": ("max_pool2d: Backward<bfloat16, WindowSizes<3, 2, 1>, false> x8", 1),
    "upsample_add": ("upsample_add: Forward<bfloat16> x8", 1),
    "upsample_add backward": ("upsample_add: Backward<bfloat16, false> x8", 1),
    "roi_align": ("roi_align: GatherBins<bfloat16, float> x8", 4),  # the four neighbours of a sample
    "roi_align backward": ("roi_align: GatherTiles<bfloat16, float, 8>", 1),
    "update": ("sgd: Update<float> x4", 1),
}

GROUPS = ["stem", "res2", "res3", "res4", "res5", "fpn", "rpn", "box_head", "mask_head", "other", "optimizer"]
DTYPES = {"f64": 8, "f32": 4, "bf16": 2, "i64": 8, "i32": 4, "u8": 1}
ROUND = 8  # channels are padded to it, as tensor cores want them


@dataclass
class Tensor:
    shape: list
    floating: bool
    grad: str  # "*": a parameter, "+": an activation whose gradient is wanted, "": none

    def numel(self):
        return math.prod(self.shape)


@dataclass
class Launch:
    group: str
    phase: str
    kernel: str
    bytes: float = 0
    flops: float = 0
    vectors: float = 0  # of 16 bytes, through which its loop goes
    count: int = 1


def fail(sentence, status=3):
    print(f"step_model: {sentence}", file=sys.stderr)
    sys.exit(status)


def tensor_of(text, where):
    if text == "-":
        return None
    match = re.fullmatch(r"(\w+)\[([\d,]*)\]([*+]?)", text)
    if not match or match[1] not in DTYPES:
        fail(f"{where}: a tensor must read dtype[sizes], got '{text}'")
    shape = [int(size) for size in match[2].split(",") if size]
    return Tensor(shape, match[1] in ("f64", "f32", "bf16"), match[3])


def read_ops(path):
    """The lines of bench_step --ops as (group, op, inputs, outputs)."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    ops = []
    for number, line in enumerate(lines, 1):
        parts, where = line.split("\t"), f"{path}, line {number}"
        if len(parts) != 4:
            fail(f"{where}: must hold four columns, got {len(parts)}; bench_step --ops writes them")
        inputs, outputs = ([tensor_of(text, where) for text in part.split()] for part in parts[2:])
        ops.append((parts[0], parts[1], inputs, outputs))
    if not ops:
        fail(f"{path}: holds no ops")
    return ops


class Step:
    """The launches of one step, from the ops of one image."""

    def __init__(self, batch, width):
        self.batch, self.width, self.launches, self.parameters = batch, width, [], 0

    def size(self, tensor):
        """Bytes of an activation of the whole batch, or of a parameter."""
        if tensor is None:
            return 0
        last = tensor.shape[-1] if tensor.shape else 1
        padded = tensor.numel() // max(last, 1) * (-(-last // ROUND) * ROUND if tensor.floating else last)
        return padded * self.width * (1 if tensor.grad == "*" else self.batch)

    def launch(self, group, phase, kernel, bytes=0, flops=0, passes=0, count=1):
        """passes: bytes that the kernel's loop goes through, for the count of its instructions."""
        self.launches.append(Launch(group, phase, kernel, bytes, flops, passes / 16, count))

    def product(self, group, op, inputs, outputs):
        x, weight, bias = inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else None
        y = outputs[0]
        rows = x if op == "conv_transpose2d" else y
        rows = math.prod(rows.shape[:-1]) * self.batch
        flops = 2 * rows * weight.numel()
        x_bytes, w_bytes, y_bytes = self.size(x), self.size(weight), self.size(y)
        self.launch(group, "forward", op, x_bytes + w_bytes + y_bytes, flops)
        if x.grad:
            self.launch(group, "backward", op + " input gradient", x_bytes + w_bytes + y_bytes, flops)
        if weight.grad:
            self.launch(group, "backward", op + " weight gradient", x_bytes + 2 * w_bytes + y_bytes, flops)
        if bias is not None and bias.grad:
            self.launch(group, "backward", "bias gradient", y_bytes, passes=y_bytes)

    def group_norm(self, group, op, inputs, outputs):
        x, residual = self.size(inputs[0]), self.size(inputs[3]) if len(inputs) > 3 else 0
        self.launch(group, "forward", op + " statistics", x, passes=x)
        self.launch(group, "forward", op + " finish")
        self.launch(group, "forward", op + " normalize", 2 * x + residual, passes=x)
        # x, dy and the mask of the ReLU, twice; dx, and the gradient of the residual.
        self.launch(group, "backward", op + " sums", 2 * x + x / 16, passes=x)
        self.launch(group, "backward", op + " finish")
        self.launch(group, "backward", op + " input gradient", 3 * x + x / 16 + residual, passes=x)

    def elementwise(self, group, op, inputs, outputs):
        """Reads and writes everything once, both ways."""
        read = sum(self.size(t) for t in inputs if t)
        written = sum(self.size(t) for t in outputs)
        self.launch(group, "forward", op, read + written, passes=max(read, written))
        if any(t and t.grad for t in inputs):
            self.launch(group, "backward", op + " backward", read + written, passes=max(read, written))

    def add(self, group, op, inputs, outputs):
        """Gradients pass through an addition."""
        bytes = sum(self.size(t) for t in inputs + outputs)
        self.launch(group, "forward", op, bytes, passes=self.size(outputs[0]))

    def upsample_add(self, group, op, inputs, outputs):
        self.add(group, op, inputs, outputs)
        smallest = min(self.size(t) for t in inputs)
        self.launch(group, "backward", op + " backward", self.size(outputs[0]) + smallest, passes=smallest)

    def roi_align(self, group, op, inputs, outputs):
        maps = sum(self.size(t) for t in inputs if t and t.grad)
        rois = self.size(outputs[0])
        # Four bilinear neighbours of four samples a bin; neighbours of one RoI meet in the caches.
        self.launch(group, "forward", op, min(maps, 4 * rois) + rois, passes=4 * rois)
        self.launch(group, "backward", op + " backward", maps + 4 * rois, passes=4 * rois)

    def reshape(self, *_):
        """Moves nothing."""

    def scale_gradient(self, group, op, inputs, outputs):
        """Moves nothing forwards."""
        if inputs[0].grad:
            size = self.size(outputs[0])
            self.launch(group, "backward", op + " backward", 2 * size, passes=size)

    def take(self, group, op, inputs, outputs):
        self.parameters += sum(t.numel() for t in inputs if t and t.grad == "*")
        products = {"conv2d", "conv_transpose2d", "linear"}
        how = self.product if op in products else getattr(self, op, self.elementwise)
        how(group, op, inputs, outputs)

    def finish(self):
        for group, (count, rounds) in SELECTION.items():
            self.launch(group, "forward", "selection", count=count)
            if rounds:
                self.launch(group, "forward", "NMS walk", count=rounds)
        # Weights to bf16 and gradients back; norm, weights, momentum and gradient of the update, in f32.
        if self.width == 2:
            for phase in ("forward", "backward"):
                self.launch("optimizer", phase, "cast of parameters", 6 * self.parameters)
        self.launch("optimizer", "backward", "update", 24 * self.parameters, passes=4 * self.parameters)


def read_instructions(path):
    """Instructions for 16 bytes by kernel, from the lines "total loop ... | source: functor"."""
    lines = {}
    try:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if not line.strip() or line.startswith("#"):
                    continue
                columns, bar, name = line.partition("|")
                counts = columns.split()
                if not bar or len(counts) < 2 or not all(count.isdigit() for count in counts):
                    fail(f"{path}, line {number}: must be numbers, a bar and a kernel, got '{line.strip()}'")
                lines[name.strip()] = int(counts[1]) or int(counts[0])
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    missing = [name for name, _ in LOOPS.values() if name not in lines]
    if missing:
        fail(f"{path}: has no line of '{missing[0]}'")
    return {kernel: lines[name] / vectors for kernel, (name, vectors) in LOOPS.items()}


def time_of(launch, card, instructions, reached):
    """(seconds, what holds it up) of all its launches, at these shares of the datasheet."""
    _, sms, clock, bandwidth, tflops = CARDS[card]
    needs = {
        "tensor cores": launch.flops / (tflops * 1e12 * reached["tensor cores"]),
        "memory": launch.bytes / (bandwidth * 1e9 * reached["memory"]),
        "issue": launch.vectors
        * instructions.get(launch.kernel, 0)
        / (sms * 4 * 32 * clock * 1e9 * reached["issue"]),
        "latency": LATENCY,
    }
    bound = max(needs, key=needs.get)
    return needs[bound] * launch.count, bound


def measured_groups(path, precision, batch):
    """Seconds by group of the report's section "step PRECISION batch N"."""
    try:
        text = open(path, encoding="utf-8").read()
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    section = re.search(rf"^## step {precision} batch {batch}$(.*?)(?=^## |\Z)", text, re.M | re.S)
    rows = re.findall(r"^(\w+) +([\d.]+) +([\d.]+) ", section[1], re.M) if section else []
    if not rows:
        fail(f"{path}: holds no table under '## step {precision} batch {batch}'")
    return {group: float(forward) + float(backward) for group, forward, backward in rows}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ops", help="what bench_step --ops wrote for one image")
    parser.add_argument("--card", choices=CARDS, default="h100")
    parser.add_argument("--batch", type=int, default=8, help="images a step (8)")
    parser.add_argument("--precision", choices=["bf16", "f32"], default="bf16")
    parser.add_argument("--budgets", default=BUDGETS, help="of the kernels' machine code")
    parser.add_argument("--kernels", type=int, default=12, help="list so many of the slowest (12)")
    parser.add_argument("--report", help="a gpu_report.md, to be put beside the estimate")
    arguments = parser.parse_args()
    if arguments.batch < 1:
        fail(f"--batch must be positive, got {arguments.batch}", 2)

    step = Step(arguments.batch, 2 if arguments.precision == "bf16" else 4)
    for group, op, inputs, outputs in read_ops(arguments.ops):
        step.take(group, op, inputs, outputs)
    step.finish()
    measured = (
        measured_groups(arguments.report, arguments.precision, arguments.batch) if arguments.report else {}
    )

    print_estimate(step, arguments, read_instructions(arguments.budgets), measured)


def print_estimate(step, arguments, instructions, measured):
    seconds = defaultdict(lambda: defaultdict(float))  # by group, by bound
    floors = defaultdict(float)
    kernels = defaultdict(float)
    for launch in step.launches:
        taken, bound = time_of(launch, arguments.card, instructions, IN_A_STEP)
        seconds[launch.group][bound] += taken
        kernels[launch.kernel, bound] += taken
        floors[launch.group] += time_of(launch, arguments.card, {}, ALONE)[0]
    total = sum(sum(bounds.values()) for bounds in seconds.values())

    card = CARDS[arguments.card][0]
    print(f"estimate, {card}, {arguments.precision}, batch {arguments.batch}: not measured\n")
    print(
        f"{'group':<10} {'GFLOP':>9} {'GB':>7} {'launches':>8} {'floor':>7} {'ms':>7} {'share':>6}  bound",
        end="",
    )
    print(f"{'measured':>16} {'ratio':>6}" if measured else "")
    for group in [g for g in GROUPS if g in seconds]:
        mine = [launch for launch in step.launches if launch.group == group]
        taken = sum(seconds[group].values())
        bound = max(seconds[group], key=seconds[group].get)
        print(row(group, mine, floors[group], taken, total, bound, measured.get(group)))
    whole = sum(measured.get(g, 0) for g in seconds) if measured else None
    print(row("total", step.launches, sum(floors.values()), total, total, "", whole))

    launches = sum(launch.count for launch in step.launches)
    print(f"\n{arguments.batch / total:.0f} images a second; {', '.join(held_by(seconds, total))}")
    print(f"enqueueing takes the host about {1e3 * HOST * launches:.1f} ms without a graph\n")
    for (kernel, bound), taken in sorted(kernels.items(), key=lambda item: -item[1])[: arguments.kernels]:
        print(f"{1e3 * taken:7.2f} ms  {kernel}  ({bound})")


def row(name, launches, floor, taken, total, bound, measured):
    gflop, gb = sum(l.flops for l in launches) / 1e9, sum(l.bytes for l in launches) / 1e9
    beside = "" if measured is None else f"{1e3 * measured:9.2f} {measured / taken:6.2f}"
    return (
        f"{name:<10} {gflop:9.1f} {gb:7.2f} {sum(l.count for l in launches):8d} {1e3 * floor:7.2f} "
        f"{1e3 * taken:7.2f} {100 * taken / total:5.1f}%  {bound:<12}{beside}"
    ).rstrip()


def held_by(seconds, total):
    """ "61 % tensor cores", ... by weight."""
    bounds = defaultdict(float)
    for group in seconds.values():
        for bound, taken in group.items():
            bounds[bound] += taken
    return [
        f"{100 * taken / total:.0f} % {bound}" for bound, taken in sorted(bounds.items(), key=lambda b: -b[1])
    ]


if __name__ == "__main__":
    main()
