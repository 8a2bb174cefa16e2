// From the mask head's grid back to the image: one run-length mask per detection.
//
// The two rules differ by up to a pixel at the border and by about half a point of mask AP, so a
// model is evaluated with the rule that its framework has.
#pragma once

#include <vector>

#include "core/raster/rle.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

enum class MaskPaste {
  /// detectron2's paste_masks_in_image: the probability at each pixel centre, bilinear between the
  /// centres of the cells that the box is divided into, zero outside the grid; >= 0.5 is inside.
  kContinuous,
  /// torchvision's paste_masks_in_image: one cell of zeros around the grid, the box enlarged to
  /// match and truncated to whole pixels (the last one included), the grid resized to that many
  /// pixels (bilinear, align_corners = false); > 0.5 is inside.
  kWholePixel,
};

/// The mask of each detection in an image of height x width pixels. Only the box is drawn, and it
/// is encoded from there: no full image is held. Boxes may leave the image; a box that is empty,
/// not finite or outside gives an empty mask.
///
///   probabilities  [D, S, S]  f32 in [0, 1]: the channel of the predicted class after the sigmoid
///   boxes          [D, 4]     f32, x0 y0 x1 y1 in pixels of that image
///
/// Host memory only, parallel over detections. No gradient. Throws ShapeError when a shape or dtype
/// differs or the image has no pixels, DeviceError when a tensor is not on the CPU.
std::vector<Rle> paste_masks(const Tensor& probabilities, const Tensor& boxes, int height,
                             int width, MaskPaste rule);

}  // namespace denovo::ops
