// Probabilities of independent classes at test time.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y = 1 / (1 + exp(-x)).
///
///   x        any shape, floating point; bf16 is computed in f32
///   returns  shape, dtype and device of x; NaN stays NaN
///
/// No gradient: training uses sigmoid_bce and mask_bce.
/// Throws ShapeError when x is not floating point.
Tensor sigmoid(const Tensor& x);

}  // namespace denovo::ops
