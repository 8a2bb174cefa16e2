// Another shape for the same elements.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// The elements of x, in order, as shape; shares storage.
///
/// Backward passes the gradient through, reshaped. Throws ShapeError when the number of elements
/// differs.
Tensor reshape(const Tensor& x, const Shape& shape);

}  // namespace denovo::ops
