// Boxes that are too small to be proposals.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// groups_out[n, b] = groups[b] where width and height of boxes[n, b] are both > min_size, else -1.
///
///   boxes    [N, B, 4]  f32 or f64, x0 y0 x1 y1
///   groups   [B]        i32, the same for every image (pyramid level)
///   returns  [N, B]     i32, ready for batched_nms. No gradient.
///
/// Boxes that are not finite get -1. Throws ShapeError on other shapes or dtypes.
Tensor size_filter(const Tensor& boxes, const Tensor& groups, double min_size);

}  // namespace denovo::ops
