#!/usr/bin/env python3
"""Shuffles the elements within each tensor of a safetensors file: the same values, no knowledge.

    shuffle_weights.py IN OUT [SEED]

A control for studies of pre-training (configs/study/controls.toml): such weights have the scale of
trained ones and must not help.
"""
import json
import random
import sys
from pathlib import Path

BYTES = {"F64": 8, "F32": 4, "BF16": 2, "F16": 2, "I64": 8, "I32": 4, "U8": 1}


def main():
    source, target = map(Path, sys.argv[1:3])
    generator = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    data = bytearray(source.read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    for name, entry in json.loads(data[8:start]).items():
        if name == "__metadata__":
            continue
        size = BYTES[entry["dtype"]]
        begin, end = (start + offset for offset in entry["data_offsets"])
        elements = [bytes(data[i : i + size]) for i in range(begin, end, size)]
        generator.shuffle(elements)
        data[begin:end] = b"".join(elements)
    target.write_bytes(data)


if __name__ == "__main__":
    main()
