// The mask of the predicted class.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// probabilities[r, y, x] = sigmoid(logits[r, y, x, classes[r]]); 0 where classes[r] is negative.
///
///   logits   [R, S, S, K]  floating point
///   classes  [R]           i32
///   returns  [R, S, S]     dtype of logits. No gradient.
///
/// Throws ShapeError on other shapes or dtypes.
Tensor mask_probabilities(const Tensor& logits, const Tensor& classes);

}  // namespace denovo::ops
