// Rows picked from each image's matrix by index: what sampling and top-k hand on.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y[n, s, ...] = x[n, indices[n, s], ...], or empty_value where indices[n, s] is negative.
///
///   x        [N, M, ...]  f32, f64, bf16, i32, i64 or u8; [1, M, ...] serves every image (anchors)
///   indices  [N, S]       i32, below M; negative: an empty slot
///   returns  [N, S, ...]  dtype and device of x
///
/// Backward (floating x): grad_x[n, indices[n, s]] += grad_y[n, s], 0 in rows that were not picked;
/// for this the indices that are not negative must be distinct within an image. Saves indices only.
/// Throws ShapeError when a shape or dtype differs from the above, and when a gradient is wanted
/// for an x that serves several images.
Tensor gather_rows(const Tensor& x, const Tensor& indices, double empty_value = 0);

}  // namespace denovo::ops
