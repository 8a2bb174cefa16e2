"""What large-scale jitter makes of images with one object each that an integer formula draws.

    python tests/oracles/scale_jitter.py > tests/data_files/loading/scale_jitter.txt

detectron2's ResizeScale, FixedSizeCrop (without its grey padding), RandomFlip and recompute_boxes, with
NumPy and shapely. The C++ test draws the same images (tests/data/loading/scale_jitter_test.cpp). One line
per image: height and width after resizing; top, left, height and width of the crop; which of three
keypoints is seen; the box of what is seen of the polygon, "gone" where that is nothing.
"""

import math

import numpy as np
from draw import Draw
from shapely.geometry import Polygon, box

IMAGES = 300


def drawn_polygon(draw, height, width):
    """A star around a point, inside the image."""
    cx, cy = 5 + draw.below(width - 10), 5 + draw.below(height - 10)
    reach = min(cx, width - cx, cy, height - cy)
    count = 3 + draw.below(8)
    points = []
    for k in range(count):
        angle = 2 * math.pi * (k + draw.below(100) / 100) / count
        radius = reach * (20 + draw.below(81)) / 100
        points.append((cx + radius * math.cos(angle), cy + radius * math.sin(angle)))
    return points


def main():
    gone = 0
    for index in range(IMAGES):
        draw = Draw(index)
        height, width = 20 + draw.below(700), 20 + draw.below(700)
        side = 32 * (1 + draw.below(12))
        scale = 0.1 + (2.0 - 0.1) * (draw.below(1 << 24) / (1 << 24))
        place = draw.below(1 << 24) / (1 << 24)
        flipped = draw.below(2) == 1
        points = drawn_polygon(draw, height, width)
        keypoints = [(draw.below(width) + 0.5, draw.below(height) + 0.5) for _ in range(3)]

        fit = np.minimum(side * scale / height, side * scale / width)
        size = np.maximum(np.round(np.multiply((height, width), fit)).astype(int), 1)
        top, left = np.round(np.maximum(size - side, 0) * place).astype(int)
        seen = np.minimum(size, side)
        ratio = np.array([size[1] / width, size[0] / height])

        def place_points(xy):
            moved = np.array(xy) * ratio - (left, top)
            if flipped:
                moved[:, 0] = seen[1] - moved[:, 0]
            return moved

        inside = place_points(keypoints)
        visible = ((inside >= 0) & (inside <= seen[::-1])).all(1)
        whole = Polygon(place_points(points))
        left_over = whole.intersection(box(0, 0, seen[1], seen[0]))
        parts = [
            g for g in getattr(left_over, "geoms", [left_over]) if isinstance(g, Polygon) and not g.is_empty
        ]
        if parts:
            bounds = np.array([g.bounds for g in parts])
            text = " ".join(repr(float(v)) for v in (*bounds[:, :2].min(0), *bounds[:, 2:].max(0)))
        else:
            text = "gone"
            gone += 1
        numbers = (*size, top, left, *seen, *visible.astype(int))
        print(*(int(n) for n in numbers), text)
    assert 0 < gone < IMAGES / 2


if __name__ == "__main__":
    main()
