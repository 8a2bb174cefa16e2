"""torchvision's Mask R-CNN against `convert_weights` and `detect`, on photographs.

    python tests/oracles/torchvision_photographs.py [--v2] BIN_DIR PHOTOGRAPH...

maskrcnn_resnet50_fpn, or maskrcnn_resnet50_fpn_v2, with 91 classes and weights by formula (torchvision_parity.py; the rows of ids
that COCO does not use score nothing, as in trained files) is written by torch.save and detects
objects in each photograph, as it is, unscaled; so do denovo's programs with the converted file. The
photographs are handed over as PNG, since JPEG decoders differ by a level or two, and must have sides
that are multiples of 32, the long one of 64, so that both pad nothing. One line a photograph: objects,
the largest difference of boxes in pixels and of scores, the smallest IoU of masks, for the same
objects in the same order. Exit status 1 when the order differs, a box by more than 0.05 pixels, or a score
by more than 1e-4.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image
from pycocotools import mask as rle
from torchvision.models.detection import maskrcnn_resnet50_fpn, maskrcnn_resnet50_fpn_v2

import torchvision_parity

SCORE_GAIN = 2.0  # less than the parity oracle's, so that scores do not round to 1


def build(used, make):
    model = make(weights=None, weights_backbone=None, num_classes=91).eval()
    torchvision_parity.GAINS["box_predictor.cls_score"] = SCORE_GAIN
    state = model.state_dict()
    for name, value in state.items():
        if "num_batches_tracked" not in name:
            drawn = torchvision_parity.draw(name, tuple(value.shape))
            value.copy_(torch.from_numpy(drawn.astype(np.float32)))
    for unused in set(range(1, 91)) - set(used):
        state["roi_heads.box_predictor.cls_score.weight"][unused] = 0
        state["roi_heads.box_predictor.cls_score.bias"][unused] = -200
    return model


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--v2"]
    make = maskrcnn_resnet50_fpn if len(arguments) == len(sys.argv) - 1 else maskrcnn_resnet50_fpn_v2
    bin_dir, photographs = pathlib.Path(arguments[0]), arguments[1:]
    classes = pathlib.Path(__file__).parents[2] / "detection/weights/coco_classes.cpp"
    used = [int(number) for number in re.findall(r'\{(\d+), "', classes.read_text())]
    assert len(used) == 80
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        folder = pathlib.Path(folder)
        model = build(used, make)
        torch.save(model.state_dict(), folder / "model.pth")
        failed = False
        for photograph in photographs:
            picture = Image.open(photograph).convert("RGB")
            picture.save(folder / "picture.png")
            short, long = sorted(picture.size)
            model.transform.min_size, model.transform.max_size = (short,), long
            pixels = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1).float() / 255
            theirs = model([pixels])[0]
            for command in (
                ["convert_weights", "--weights", folder / "model.pth", "--out",
                 folder / "model.safetensors", f"input.min_size_test={short}"],
                ["detect", "--weights", folder / "model.safetensors", "--images",
                 folder / "picture.png", "--out", folder / short.__str__(),
                 "--score-threshold", "0.05", "--max-detections", "100"],
            ):
                subprocess.run([bin_dir / command[0], *command[1:], "--quiet"], check=True,
                               stdout=subprocess.DEVNULL)
            ours = json.loads((folder / str(short) / "results.json").read_text())
            subprocess.run(["rm", "-r", folder / str(short)], check=True)
            labels = [item["category_id"] for item in ours]
            if labels != theirs["labels"].tolist():
                print(f"{photograph}: objects or their order differ")
                failed = True
                continue
            boxes = np.array([item["bbox"] for item in ours])
            boxes[:, 2:] += boxes[:, :2]
            box = np.abs(boxes - theirs["boxes"].numpy()).max()
            score = np.abs(np.array([item["score"] for item in ours]) - theirs["scores"].numpy()).max()
            iou = 1.0
            for item, mask in zip(ours, theirs["masks"][:, 0].numpy() >= 0.5):
                mine = rle.decode(item["segmentation"]).astype(bool)
                union = (mine | mask).sum()
                iou = min(iou, (mine & mask).sum() / union if union else 1.0)
            print(f"{pathlib.Path(photograph).name}: {len(ours)} objects, boxes {box:.1e}, "
                  f"scores {score:.1e}, masks {iou:.4f}")
            failed |= box > 0.05 or score > 1e-4
    sys.exit(1 if failed else 0)


main()
