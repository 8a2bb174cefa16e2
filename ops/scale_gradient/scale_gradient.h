// A gradient that goes on smaller than it came.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y = x, sharing storage. Where several branches learn from one map, each hands on its share: 1/3
/// of three (the stages of Cascade R-CNN, as in detectron2).
///
///   x        any shape, floating point
///   returns  shape, dtype and device of x
///
/// Backward: grad_x = factor * grad_y, so this is no derivative. Saves nothing.
/// Throws ShapeError when x is not floating point or factor is not finite.
Tensor scale_gradient(const Tensor& x, double factor);

}  // namespace denovo::ops
