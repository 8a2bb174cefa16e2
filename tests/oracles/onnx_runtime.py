"""What ONNX Runtime makes of exported detectors: what the C++ model must give.

    python tests/oracles/onnx_runtime.py BIN_DIR            # writes the numbers
    python tests/oracles/onnx_runtime.py BIN_DIR --check    # compares with those that are there

For each tests/data_files/export/NAME.safetensors export_onnx writes an ONNX file, and
NAME.onnxruntime.safetensors holds what ONNX Runtime gives for generated shapes:

    image.I [H,W,3] u8     the input, as export_onnx wants it
    boxes.I [D,4], scores.I [D], classes.I [D] i64, masks.I [D,S,S]   the outputs

Its metadata hold `onnx`, the FNV-1a (64 bits, formula.py) of the ONNX file, by which the suite knows
whether that is the file that is written today, and the version of ONNX Runtime. The detectors were
trained by train_coco for 150 to 1600 iterations; normal noise of deviation 0.5 on the weights of the
predictors of batch_norm and boxes_only keeps their scores apart. Needs onnxruntime, numpy, Pillow,
safetensors.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
from PIL import Image
from safetensors.numpy import load_file, save_file

from formula import fnv1a64_bytes

MODELS = pathlib.Path(__file__).resolve().parent.parent / "data_files" / "export"
SIZES = [(96, 96), (70, 96), (96, 61)]  # square, wide and high: each is padded in its own way
# Pixels, probabilities, class numbers: f32 sums in another order differ by a hundredth of these.
TOLERANCES = {"boxes": 1e-3, "scores": 1e-5, "masks": 1e-4, "classes": 0, "image": 0}


def images(bin_dir, folder):
    subprocess.run(
        [bin_dir / "make_shapes", "--out", folder, "--size", "96", "--images", "1"]
        + ["--val", str(len(SIZES)), "--classification", "0", "--quiet"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    for path, (height, width) in zip(sorted((folder / "val").iterdir()), SIZES):
        yield np.asarray(Image.open(path).convert("RGB"))[:height, :width].copy()


def main():
    bin_dir, check = pathlib.Path(sys.argv[1]), "--check" in sys.argv
    models = [m for m in sorted(MODELS.glob("*.safetensors")) if ".onnxruntime" not in m.name]
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        shapes = list(images(bin_dir, work / "shapes"))
        for model in models:
            file = work / f"{model.stem}.onnx"
            subprocess.run(
                [bin_dir / "export_onnx", "--weights", model, "--out", file],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            session = onnxruntime.InferenceSession(str(file))
            names = [output.name for output in session.get_outputs()]
            tensors = {}
            for i, image in enumerate(shapes):
                tensors[f"image.{i}"] = image
                for name, value in zip(names, session.run(None, {"image": image})):
                    tensors[f"{name}.{i}"] = value
            reference = model.with_suffix(".onnxruntime.safetensors")
            if check:
                compare(model.name, load_file(reference), tensors)
            else:
                hash_of_file = f"{int(fnv1a64_bytes(file.read_bytes())):016x}"
                versions = {"onnx": hash_of_file, "onnxruntime": onnxruntime.__version__}
                save_file(tensors, reference, versions)
            counts = [len(tensors[f"scores.{i}"]) for i in range(len(shapes))]
            print(f"{model.name}: {counts} detections")


def compare(model, expected, actual):
    assert expected.keys() == actual.keys(), f"{model}: other tensors"
    for name, value in expected.items():
        assert value.shape == actual[name].shape, f"{model}: {name} is {actual[name].shape}"
        off = abs(value.astype(float) - actual[name]).max(initial=0)
        assert off <= TOLERANCES[name.split(".")[0]], f"{model}: {name} is off by {off}"


main()
