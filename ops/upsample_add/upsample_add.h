// Top-down path of a feature pyramid.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// Nearest up-sampling by two, and sum:
///   y[n, y, x, c] = lateral[n, y, x, c] + top[n, y / 2, x / 2, c]
///
///   lateral  [N, H, W, C]                      floating point
///   top      [N, ceil(H / 2), ceil(W / 2), C]  dtype of lateral
///   returns  [N, H, W, C]
///
/// Backward: grad_lateral = grad_y, passed through; grad_top sums the up to four pixels it fed.
/// Saves nothing. Throws ShapeError on other shapes or dtypes.
Tensor upsample_add(const Tensor& lateral, const Tensor& top);

}  // namespace denovo::ops
