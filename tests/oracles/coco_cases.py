"""Random evaluation cases by an integer formula; tests/data/evaluation/random_case.h draws the same.

A case holds ground truth (a COCO dict) and detections (dicts with bbox, segmentation and score).
"""

import pycocotools.mask as mask_api
from draw import Draw


def rectangle_counts(box, height, width):
    """Uncompressed runs of the whole pixels of a box."""
    x0, y0 = int(box[0]), int(box[1])
    x1, y1 = min(int(box[0] + box[2]), width), min(int(box[1] + box[3]), height)
    counts, value, run = [], 0, 0
    for x in range(width):
        for y in range(height):
            inside = 1 if x0 <= x < x1 and y0 <= y < y1 else 0
            if inside != value:
                counts.append(run)
                value, run = inside, 0
            run += 1
    counts.append(run)
    return counts


def outline(draw, box):
    """A polygon of four to six vertices along a box."""
    x, y, w, h = box
    cut = draw.below(5) / 8.0
    points = [x, y, x + w, y, x + w, y + h, x + w * cut, y + h]
    if draw.below(2):
        points += [x, y + h * (1 - cut)]
    return points


def random_box(draw, width, height):
    w = (1 + draw.below(4 * width // 2)) / 4.0
    h = (1 + draw.below(4 * height // 2)) / 4.0
    return [draw.below(4 * width) / 4.0 * 0.75, draw.below(4 * height) / 4.0 * 0.75, w, h]


def truth_box(draw, width, height):
    if draw.below(3) > 0:
        return random_box(draw, width, height)
    # Multiples of ten, so that exact fractions such as 0.9 and 0.5 are frequent IoUs.
    w, h = 10.0 * (1 + draw.below(4)), 10.0 * (1 + draw.below(4))
    return [float(draw.below(width)), float(draw.below(height)), w, h]


def truth_area(draw, box):
    kind = draw.below(8)
    if kind == 0:
        return 1024.0
    if kind == 1:
        return 9216.0
    if kind == 2:
        return draw.below(12000) / 1.0
    return box[2] * box[3]


def near_box(draw, box):
    x, y, w, h = box
    kind = draw.below(8)
    if kind < 2:
        return [x, y, w, h]
    if kind == 2:
        return [x, y, 2 * w, h]
    if kind == 3:
        return [x, y, w, h * 9 / 10]
    shift = lambda side: (draw.below(9) - 4) / 16.0 * side
    return [x + shift(w), y + shift(h), w + shift(w), h + shift(h)]


def draw_case(index):
    draw = Draw(1000003 * index + 17)
    dense = draw.below(10) == 0
    crowded = draw.below(25) == 0
    many_crowds = draw.below(12) == 0
    num_images, num_categories = 1 + draw.below(4), 1 + draw.below(3)
    first_category = draw.below(3)
    categories = [{"id": first_category + 4 * k, "name": "c%d" % k} for k in range(num_categories)]
    images = [{"id": 9 - 2 * i if draw.below(2) else 29 - 2 * i, "width": 24 + draw.below(120),
               "height": 24 + draw.below(100)} for i in range(num_images)]

    annotations, next_id = [], draw.below(4)
    for image in images:
        for _ in range(20 if dense else draw.below(5)):
            box = truth_box(draw, image["width"], image["height"])
            if draw.below(30) == 0:
                box[2] = 0.0
            annotation = {"id": next_id, "image_id": image["id"], "bbox": box,
                          "category_id": categories[0 if dense else draw.below(num_categories)]["id"],
                          "area": truth_area(draw, box),
                          "iscrowd": 1 if draw.below(2 if many_crowds else 9) == 0 else 0}
            next_id += 1
            if draw.below(10) == 0:
                annotation["ignore"] = 1
            if annotations and draw.below(60) == 0:
                annotation["id"] = annotations[draw.below(len(annotations))]["id"]
            if annotation["iscrowd"] and draw.below(3) > 0:
                counts = rectangle_counts(box, image["height"], image["width"])
                annotation["segmentation"] = {"size": [image["height"], image["width"]], "counts": counts}
            else:
                annotation["segmentation"] = [outline(draw, box)]
                if draw.below(6) == 0:
                    annotation["segmentation"].append(
                        outline(draw, random_box(draw, image["width"], image["height"])))
            annotations.append(annotation)

    detections = []
    for image in images:
        own = [a for a in annotations if a["image_id"] == image["id"]]
        for _ in range(110 + draw.below(10) if crowded else draw.below(9) + len(own)):
            like = own[draw.below(len(own))] if own and draw.below(4) > 0 else None
            box = near_box(draw, like["bbox"]) if like else random_box(draw, image["width"], image["height"])
            category = like["category_id"] if like and draw.below(8) > 0 else categories[
                draw.below(num_categories)]["id"]
            if crowded:
                category = categories[0]["id"]
            if draw.below(40) == 0:
                category = 77
            if draw.below(400) == 0:
                score = float("nan")
            else:
                score = draw.below(12) / 8.0 if draw.below(2) else draw.below(1 << 30) / (1 << 30)
            polygon = outline(draw, box)
            rle = mask_api.frPyObjects([polygon], image["height"], image["width"])[0]
            detections.append({"image_id": image["id"], "category_id": category, "bbox": box,
                               "score": score, "segmentation": rle})
    return {"images": images, "annotations": annotations, "categories": categories}, detections
