// Bilinear resampling of feature maps.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y[n, i, j, c] = bilinear sample of x[n, :, :, c], clamped to the map, at
///   ((i + 0.5) H / height - 0.5, (j + 0.5) W / width - 0.5)
/// Pixel centres are at +0.5; no antialiasing.
///
///   x              [N, H, W, C]           floating point, H and W positive
///   height, width  of the result, positive; smaller or larger than x
///   returns        [N, height, width, C]  dtype and device of x
///
/// Backward: every input pixel sums its weights times grad_y over the output pixels that read it,
/// in row-major order. Saves nothing. Throws ShapeError when x is not floating [N, H, W, C], or a
/// size is not positive. Equal to torch.nn.functional.interpolate(mode="bilinear",
/// align_corners=False).
Tensor bilinear_resize(const Tensor& x, int64_t height, int64_t width);

}  // namespace denovo::ops
