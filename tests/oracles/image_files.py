"""Small image files of every kind that data/image reads, with the pixels that Pillow finds in
them (*.rgb: RGB8, row by row), and Pillow's bilinear resizing of one image to several sizes.

    python tests/oracles/image_files.py     # needs Pillow, numpy, OpenCV
"""
import pathlib

import cv2
import numpy as np
from PIL import Image

OUT = pathlib.Path(__file__).resolve().parent.parent / "data_files" / "image"
H, W = 13, 18


def scene(h=H, w=W):
    y, x = np.mgrid[0:h, 0:w]
    return np.stack([255 * x / (w - 1), 255 * y / (h - 1), 128 + 90 * np.sin(x / 3 + y / 4)], -1).astype(np.uint8)


def save(name, image, pixels=None, **options):
    image.save(OUT / name, **options)
    rgb = np.asarray(Image.open(OUT / name).convert("RGB")) if pixels is None else pixels
    rgb.astype(np.uint8).tofile(OUT / (name + ".rgb"))


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    base = scene()
    image = Image.fromarray(base)
    grey = image.convert("L")
    alpha = Image.fromarray((base[..., 0] // 2 + 60).astype(np.uint8))
    save("rgb.png", image)
    save("grey.png", grey)
    save("palette.png", image.quantize(7))
    save("one_bit.png", grey.convert("1"))
    rgba = image.copy()
    rgba.putalpha(alpha)
    save("rgba.png", rgba)
    grey_alpha = grey.copy()
    grey_alpha.putalpha(alpha)
    save("grey_alpha.png", grey_alpha)
    wide = base.astype(np.uint16) * 256 + 77
    cv2.imwrite(str(OUT / "rgb16.png"), wide[..., ::-1])
    base.tofile(OUT / "rgb16.png.rgb")
    cv2.imwrite(str(OUT / "grey16.png"), wide[..., 0])
    np.repeat(base[..., :1], 3, -1).tofile(OUT / "grey16.png.rgb")
    save("baseline_444.jpg", image, quality=90, subsampling=0)
    save("baseline_420.jpg", image, quality=90, subsampling=2)
    save("progressive.jpg", image, quality=90, subsampling=0, progressive=True)
    save("restart.jpg", image, quality=90, subsampling=0, restart_marker_blocks=1)
    save("grey.jpg", grey, quality=90)
    save("cmyk.jpg", image.convert("CMYK"), quality=90)
    exif = Image.Exif()
    exif[0x0112] = 6
    save("orientation_6.jpg", image, quality=90, subsampling=0, exif=exif)

    for h, w in [(13, 18), (26, 36), (9, 18), (13, 25), (7, 5), (31, 11), (1, 1)]:
        resized = np.asarray(image.resize((w, h), Image.BILINEAR))
        resized.tofile(OUT / f"resized_{h}x{w}.rgb")


if __name__ == "__main__":
    main()
