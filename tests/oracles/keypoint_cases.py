"""Random evaluation cases with keypoints by an integer formula; tests/data/evaluation/keypoint_case.h
draws the same.

A case holds ground truth (a COCO dict), detections (dicts with keypoints and score) and sigmas, of
which None stands for COCO's.
"""

from draw import Draw


def coordinate(draw, side):
    return float(draw.below(side)) if draw.below(2) else draw.below(16 * side) / 16.0


def truth_keypoints(draw, box, num_keypoints):
    """x, y, v for each: missing ones at (0, 0) or anywhere; of every eighth object none is labelled."""
    unlabelled = draw.below(8) == 0
    few = draw.below(4) == 0
    keypoints = []
    for _ in range(num_keypoints):
        v = 0 if unlabelled or (few and draw.below(3) > 0) else draw.below(5)
        v = v if v < 2 else 2
        x = box[0] + coordinate(draw, int(box[2]) + 1)
        y = box[1] + coordinate(draw, int(box[3]) + 1)
        keypoints += [x, y, v] if v or draw.below(4) == 0 else [0.0, 0.0, 0]
    return keypoints


def truth_area(draw, box):
    kind = draw.below(8)
    if kind == 0:
        return 1024.0
    if kind == 1:
        return 9216.0
    if kind == 2:
        return draw.below(12000) / 1.0
    return box[2] * box[3] * 0.75


def num_keypoints_of(draw, keypoints):
    """What the file says: now and then not what there is."""
    kind = draw.below(12)
    if kind == 0:
        return 0
    if kind == 1:
        return 1
    return sum(1 for v in keypoints[2::3] if v > 0)


def near_keypoints(draw, keypoints, box):
    """The object's own keypoints, or moved by up to a share of its size."""
    reach = (0, 1, 2, 4, 8, 16)[draw.below(6)]
    found = []
    for i in range(0, len(keypoints), 3):
        dx = (draw.below(2 * reach + 1) - reach) / 64.0 * box[2] if reach else 0.0
        dy = (draw.below(2 * reach + 1) - reach) / 64.0 * box[3] if reach else 0.0
        found += [keypoints[i] + dx, keypoints[i + 1] + dy, draw.below(100) / 100.0]
    return found


def far_keypoints(draw, width, height, num_keypoints):
    found = []
    for _ in range(num_keypoints):
        found += [coordinate(draw, width), coordinate(draw, height), 1.0]
    return found


def draw_case(index):
    draw = Draw(1000003 * index + 29)
    dense, crowded, many_crowds = draw.below(10) == 0, draw.below(12) == 0, draw.below(12) == 0
    own_sigmas = draw.below(3) == 0
    num_keypoints = 1 + draw.below(12) if own_sigmas else 17
    sigmas = [(1 + draw.below(200)) / 1000.0 for _ in range(num_keypoints)] if own_sigmas else None
    num_images, num_categories = 1 + draw.below(4), 1 + draw.below(2)
    first_category = draw.below(3)
    categories = [{"id": first_category + 4 * k, "name": "c%d" % k} for k in range(num_categories)]
    images = [{"id": 9 - 2 * i if draw.below(2) else 29 - 2 * i, "width": 24 + draw.below(200),
               "height": 24 + draw.below(200)} for i in range(num_images)]

    annotations, next_id = [], draw.below(4)
    for image in images:
        for _ in range(20 if dense else draw.below(5)):
            box = [float(draw.below(image["width"])), float(draw.below(image["height"])),
                   (1 + draw.below(4 * image["width"])) / 4.0, (1 + draw.below(4 * image["height"])) / 4.0]
            twin = annotations and draw.below(10) == 0
            like = annotations[draw.below(len(annotations))] if twin else None
            keypoints = like["keypoints"] if twin else truth_keypoints(draw, box, num_keypoints)
            annotation = {"id": next_id, "image_id": image["id"], "bbox": box,
                          "category_id": categories[0 if dense else draw.below(num_categories)]["id"],
                          "area": truth_area(draw, box),
                          "iscrowd": 1 if draw.below(2 if many_crowds else 9) == 0 else 0,
                          "keypoints": keypoints, "num_keypoints": num_keypoints_of(draw, keypoints)}
            next_id += 1
            if draw.below(10) == 0:
                annotation["ignore"] = 1
            if annotations and draw.below(60) == 0:
                annotation["id"] = annotations[draw.below(len(annotations))]["id"]
            annotations.append(annotation)

    detections = []
    for image in images:
        own = [a for a in annotations if a["image_id"] == image["id"]]
        for _ in range(25 + draw.below(10) if crowded else draw.below(9) + len(own)):
            like = own[draw.below(len(own))] if own and draw.below(4) > 0 else None
            found = (near_keypoints(draw, like["keypoints"], like["bbox"]) if like
                     else far_keypoints(draw, image["width"], image["height"], num_keypoints))
            category = like["category_id"] if like and draw.below(8) > 0 else categories[
                draw.below(num_categories)]["id"]
            if crowded:
                category = categories[0]["id"]
            if draw.below(40) == 0:
                category = 77
            score = draw.below(12) / 8.0 if draw.below(2) else draw.below(1 << 30) / (1 << 30)
            detections.append({"image_id": image["id"], "category_id": category, "keypoints": found,
                               "score": score})
    return {"images": images, "annotations": annotations, "categories": categories}, detections, sigmas
