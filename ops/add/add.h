// Sum of two tensors.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y = a + b, then max(., 0) if relu.
///
///   a, b     any shape, equal; floating point
///   returns  shape and dtype of a
///
/// Backward passes grad_y to both without a copy, masked by y > 0 if relu (saves y then).
/// Throws ShapeError when shapes or dtypes differ.
Tensor add(const Tensor& a, const Tensor& b, bool relu = false);

}  // namespace denovo::ops
