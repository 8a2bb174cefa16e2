// Mean over all pixels of an image.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y[n, c] = mean over pixels of x[n, :, :, c].
///
///   x        [N, H, W, C]  floating point, H * W >= 1
///   returns  [N, C]        dtype of x; summed in f64 for f64, else in f32, in row order
///
/// Backward: grad_x[n, y, x, c] = grad_y[n, c] / (H * W). Saves nothing. Throws ShapeError on other
/// ranks.
Tensor global_avg_pool(const Tensor& x);

}  // namespace denovo::ops
