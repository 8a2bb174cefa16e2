// Class probabilities at test time.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y[r, c] = exp(x[r, c] - max_c x[r, c]) / sum over c of the same.
///
///   x        [..., C]  floating point, C >= 1; bf16 is computed in f32
///   returns  shape, dtype and device of x; NaN in a row that holds a NaN or +infinity
///
/// No gradient: training uses softmax_cross_entropy.
/// Throws ShapeError when x is not floating point or has no last dimension.
Tensor softmax(const Tensor& x);

}  // namespace denovo::ops
