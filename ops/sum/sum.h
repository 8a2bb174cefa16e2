// Sum of all elements, in a fixed order.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y = sum_i x[i], accumulated in double and rounded once. The partition does not depend on the
/// number of threads, so neither does the result.
///
///   x        any shape, f32 or f64
///   returns  [] (rank 0), dtype and device of x; 0 when x is empty
///
/// Backward: grad_x[i] = grad_y. Saves nothing.
/// Throws ShapeError when x is neither f32 nor f64.
Tensor sum(const Tensor& x);

}  // namespace denovo::ops
