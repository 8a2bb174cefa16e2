"""torchvision's Resize + CenterCrop of tests/data_files/image/rgb.png to 8 and 21 pixels.

    python tests/oracles/centre_crop.py     # needs torchvision, Pillow
"""
import pathlib

import numpy as np
from PIL import Image
from torchvision import transforms

OUT = pathlib.Path(__file__).resolve().parent.parent / "data_files" / "image"
image = Image.open(OUT / "rgb.png")
for size in (8, 21):
    crop = transforms.Compose([transforms.Resize(size * 256 // 224), transforms.CenterCrop(size)])
    for name, source in (("wide", image), ("high", image.transpose(Image.TRANSPOSE))):
        np.asarray(crop(source)).tofile(OUT / f"centre_{name}_{size}.rgb")
