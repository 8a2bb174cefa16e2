// Resizing of images as detectron2 does it: its ResizeTransform hands 8-bit images to Pillow's
// Image.resize(..., BILINEAR), and so do torchvision's and mmdetection's Pillow paths.
#pragma once

#include "data/image/image.h"

namespace denovo::data {

/// Triangle filter, separable, columns first, 22-bit fixed-point weights, rounded to 8 bits after
/// each pass: byte-equal to Pillow. Output pixel i is centred at (i + 0.5) * in / out; the filter
/// is max(1, in / out) input pixels wide on either side, so shrinking averages instead of
/// skipping (OpenCV's INTER_LINEAR, which Detectron used, skips and differs there).
/// Throws ShapeError when a side is not positive. Runs on the calling thread.
Image resize_bilinear(const Image& image, int height, int width);

/// That window of resize_bilinear(image, full.height, full.width), byte for byte, at the cost of
/// what is seen. Throws ShapeError when a side is not positive or the window is not inside.
Image resize_window(const Image& image, ImageSize full, const CropWindow& window);

/// detectron2's ResizeShortestEdge: the short side becomes `short_side` unless the long one would
/// exceed max_size, which then decides; both are rounded by int(x + 0.5). max_size 0 = no limit.
/// The original's double arithmetic, operation for operation.
ImageSize shortest_edge_size(ImageSize original, int short_side, int max_size);

}  // namespace denovo::data
