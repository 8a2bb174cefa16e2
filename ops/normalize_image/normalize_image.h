// Pixels to the network's input.
#pragma once

#include <array>

#include "core/tensor/tensor.h"

namespace denovo::ops {

struct NormalizeImageOptions {
  std::array<double, 3> mean{},
      std{1, 1, 1};  // of 0..255 values, in the order of the output's channels
  bool bgr = true;   // output channels B, G, R instead of R, G, B
  DType dtype = DType::kF32;
};

/// y[n, y, x, c] = (pixels[n, y, x, c] - mean[c]) / std[c] within an image's valid size, 0 outside,
/// so that padding is the mean colour (Detectron and detectron2 pad after normalising).
///
///   pixels   [N, H, W, 3]  u8, R G B
///   sizes    [N, 2]        i32, valid height and width
///   returns  [N, H, W, 3]  options.dtype
///
/// No gradient. Throws ShapeError on other shapes or dtypes.
Tensor normalize_image(const Tensor& pixels, const Tensor& sizes,
                       const NormalizeImageOptions& options);

}  // namespace denovo::ops
