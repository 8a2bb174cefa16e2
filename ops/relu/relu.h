// Rectified linear unit.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y = max(x, 0); NaN stays NaN.
///
///   x        any shape, floating point
///   returns  shape, dtype and device of x
///
/// Backward: grad_x = grad_y where y > 0, else 0 (the gradient at 0 is 0). Saves y only.
/// Throws ShapeError when x is not floating point.
Tensor relu(const Tensor& x);

}  // namespace denovo::ops
