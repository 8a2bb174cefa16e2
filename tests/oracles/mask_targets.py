"""Digests of detectron2's mask targets on polygons and boxes that an integer formula draws.

    python tests/oracles/mask_targets.py > tests/data_files/mask_targets/digests.txt

One line per image: the CRC-32 of the 28 x 28 targets (bytes 0 or 1, row-major) of its RoIs. The C++
test draws the same images (tests/ops/mask_targets_test.cpp). rasterize_polygons_within_box is
detectron2/structures/masks.py, with the types that NumPy 1 gave it: f32 boxes, f64 polygons, f64
scales.
"""

import zlib

import numpy as np
import pycocotools.mask as mask_util
from draw import Draw

IMAGES, ROIS, SIZE = 200, 8, 28


def rasterize_polygons_within_box(polygons, box, mask_size):
    w, h = np.float64(box[2] - box[0]), np.float64(box[3] - box[1])
    polygons = [p.copy() for p in polygons]
    for p in polygons:
        p[0::2] = p[0::2] - box[0]
        p[1::2] = p[1::2] - box[1]
    ratio_h = mask_size / max(h, 0.1)
    ratio_w = mask_size / max(w, 0.1)
    for p in polygons:
        p[0::2] *= ratio_w
        p[1::2] *= ratio_h
    rles = mask_util.frPyObjects([p.tolist() for p in polygons], mask_size, mask_size)
    return mask_util.decode(mask_util.merge(rles))


def main():
    for index in range(IMAGES):
        draw = Draw(index)
        side = 10 + draw.below(1300)
        crc = 0
        for _ in range(ROIS):
            polygons = []
            for _ in range(1 + draw.below(3)):
                count = 3 + draw.below(20)
                xy = [draw.below(side * 100 + 1) / 100.0 for _ in range(2 * count)]
                polygons.append(np.array(xy, np.float32).astype(np.float64))
            x0, y0 = draw.below(side * 10) / 10.0, draw.below(side * 10) / 10.0
            w, h = draw.below(side * 10) / 10.0, draw.below(side * 10) / 10.0
            box = np.array([x0, y0, x0 + w, y0 + h], np.float32)
            target = rasterize_polygons_within_box(polygons, box, SIZE)
            crc = zlib.crc32(np.ascontiguousarray(target, np.uint8).tobytes(), crc)
        print(f"{crc:08x}")


if __name__ == "__main__":
    main()
