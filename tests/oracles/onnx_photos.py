"""An exported detector in ONNX Runtime, by the code of docs/export.md, against `detect`.

    python tests/oracles/onnx_photos.py BIN_DIR MODEL.safetensors IMAGE...

prints, for each image, how many objects there are and how far the two are apart: boxes in pixels of
the image, scores, and masks (those that are not empty). Exits 1 where they are not the same objects in
the same order within 0.05 pixels, 1e-4 in score, and IoU 0.999 or one pixel in each mask, or where no
object was compared. Images go to both as PNG, since JPEG decoders differ. Needs onnx, onnxruntime, numpy, Pillow, pycocotools.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
from PIL import Image, ImageOps
from pycocotools import mask as coco_mask

SOURCE = pathlib.Path(__file__).resolve().parents[2]
THRESHOLD = 0.05  # lowest score compared


def example():
    """The names that the Python of docs/export.md defines."""
    page = (SOURCE / "docs" / "export.md").read_text()
    names = {}
    exec(re.search(r"```python\n(.*?)```", page, re.S)[1], names)
    return names


def main():
    bin_dir, weights = pathlib.Path(sys.argv[1]), sys.argv[2]
    names = example()
    ok, objects = True, 0
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        files = []
        for i, path in enumerate(sys.argv[3:]):
            files.append(str(work / f"{i:04}.png"))
            ImageOps.exif_transpose(Image.open(path)).convert("RGB").save(files[-1])
        options = ["--score-threshold", str(THRESHOLD)]
        subprocess.run(
            [bin_dir / "export_onnx", "--weights", weights, "--out", work / "model.onnx", *options],
            check=True,
        )
        onnx.checker.check_model(str(work / "model.onnx"), full_check=True)
        start = time.time()
        subprocess.run(
            [bin_dir / "detect", "--weights", weights, "--quiet", "--threads", "1"]
            + [*options, "--out", work / "out", "--images", *files],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        ours = json.loads((work / "out" / "results.json").read_text())
        print(f"detect, pictures drawn too: {(time.time() - start) / len(files):.3f} s an image")
        session, rules = names["load"](str(work / "model.onnx"))
        for i, path in enumerate(sys.argv[3:]):
            theirs = list(names["detect"](session, rules, files[i]))
            mine = [result for result in ours if result["image_id"] == i]
            line, same = compare(mine, theirs, json.loads(rules["class_names"]), rules)
            print(f"{pathlib.Path(path).name}: {line}")
            ok, objects = ok and same, objects + len(mine)
    return 0 if ok and objects else 1


def compare(mine, theirs, names, rules):
    ids = json.loads(rules["category_ids"])
    classes = [names[ids.index(result["category_id"])] for result in mine]
    if classes != [name for name, *_ in theirs]:
        return f"{len(mine)} objects here, {len(theirs)} there, or of other classes", False
    if not mine:
        return "0 objects", True
    boxes = np.array([result["bbox"] for result in mine])
    boxes[:, 2:] += boxes[:, :2]
    pixels = abs(boxes - [box for _, _, box, _ in theirs]).max()
    scores = abs(np.array([result["score"] for result in mine]) - [t[1] for t in theirs]).max()
    line = f"{len(mine)} objects, boxes {pixels:.2g} px, scores {scores:.2g}"
    same_masks = True
    if "segmentation" in mine[0]:
        masks = [coco_mask.decode(result["segmentation"]).astype(bool) for result in mine]
        pairs = [(a, b) for a, (_, _, _, b) in zip(masks, theirs) if (a | b).any()]
        lowest = min(((a & b).sum() / (a | b).sum() for a, b in pairs), default=1)
        most = max(((a ^ b).sum() for a, b in pairs), default=0)
        line += f", {len(pairs)} masks, lowest IoU {lowest:.5f}, at most {most} pixels differ"
        same_masks = lowest >= 0.999 or most <= 1
    return line, pixels <= 0.05 and scores <= 1e-4 and same_masks


sys.exit(main())
