// Mixed precision: f32 weights used as bf16, bf16 predictions judged in f32.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// The elements of x, rounded to dtype (to nearest, ties to even); x itself when it has that dtype.
///
///   x        any shape, floating point
///   returns  shape and device of x
///
/// Backward converts back, so a leaf that is cast anew for each use sums its gradient in its own
/// dtype: bf16 terms of an f32 weight are added in f32. Throws ShapeError when x or dtype is not
/// floating point.
Tensor cast(const Tensor& x, DType dtype);

}  // namespace denovo::ops
