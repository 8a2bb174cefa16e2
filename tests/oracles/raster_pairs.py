"""Digests of pycocotools' mask functions on pairs of polygons that an integer formula draws.

    python tests/oracles/raster_pairs.py > tests/data_files/raster/pair_digests.txt

One line per block of 1000 pairs: the CRC-32 of everything that the reference answers. The C++ test
draws the same pairs (tests/core/raster/pycocotools_test.cpp) and must find the same digests.
"""

import struct
import sys
import zlib

import numpy as np
import pycocotools.mask as mask_api
from draw import Draw

BLOCKS, PAIRS = 100, 1000


def coordinate(draw, family, side):
    if family == 0:
        return draw.below(side * 100 + 1) / 100.0
    if family == 1:
        return float(draw.below(side + 1))
    if family == 2:  # partly outside
        return (draw.below(3 * side * 16) - side * 16) / 16.0
    if family == 3:  # smaller than a few pixels
        return side / 2.0 + draw.below(96) / 32.0
    return draw.below(side * 10 + 1) / 10.0


def polygon(draw, family, height, width):
    count = 3 + draw.below(60 if family == 4 else 10)
    xy = []
    for i in range(count):
        if i > 0 and draw.below(8) == 0:
            xy += xy[-2:]  # a repeated vertex
            continue
        xy.append(coordinate(draw, family, width))
        xy.append(coordinate(draw, family, height))
    return xy


def answer(index):
    draw = Draw(index)
    family = index % 6
    largest = 700 if family == 5 else 120
    height, width = 1 + draw.below(largest), 1 + draw.below(largest)
    a, b = (mask_api.frPyObjects([polygon(draw, family, height, width)], height, width)[0] for _ in range(2))
    union = mask_api.merge([a, b])
    both = mask_api.merge([a, b], intersect=True)
    out = b"\n".join(rle["counts"] for rle in (a, b, union, both))
    out += b"\n" + mask_api.encode(np.asfortranarray(mask_api.decode(union)))["counts"]
    for rle in (a, b, union, both):
        out += struct.pack("<q4d", int(mask_api.area(rle)), *mask_api.toBbox(rle))
    for crowd in (0, 1):
        out += struct.pack("<d", mask_api.iou([a], [b], [crowd])[0, 0])
    return out


def main():
    for block in range(BLOCKS):
        crc = 0
        for pair in range(PAIRS):
            crc = zlib.crc32(answer(block * PAIRS + pair), crc)
        print(f"{crc:08x}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
