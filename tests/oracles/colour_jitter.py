"""Pillow's ImageEnhance of tests/data_files/image/rgb.png, which torchvision's ColorJitter calls:
brightness, contrast and saturation by 0.35 and by 1.6, one after another in a file.

    python tests/oracles/colour_jitter.py     # needs Pillow
"""
import pathlib

from PIL import Image, ImageEnhance

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "data_files" / "image"
image = Image.open(FOLDER / "rgb.png").convert("RGB")
with open(FOLDER / "colour_jitter.rgb", "wb") as out:
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        for factor in (0.35, 1.6):
            out.write(enhance(image).enhance(factor).tobytes())
