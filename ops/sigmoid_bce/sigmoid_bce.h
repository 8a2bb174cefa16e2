// Sigmoid binary cross-entropy, summed with a weight per element.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

///   y = sum_r weights[r] * -log(labels[r] ? sigmoid(logits[r]) : 1 - sigmoid(logits[r]))
///
/// in a form without overflow. An element whose weight is 0 or whose label is negative is skipped:
/// whatever its logit is (NaN, too) changes nothing.
///
///   logits   any shape        floating point
///   labels   shape of logits  i32: 1 positive, 0 negative, -1 ignored
///   weights  shape of logits  f32, or f64 where logits are f64; constant: never get a gradient
///   returns  []               dtype of weights; summed in double, in a fixed order
///
/// Backward: grad_logits[r] = grad_y * weights[r] * (sigmoid(logits[r]) - labels[r]), 0 where
/// skipped. Saves logits, labels, weights.
/// Throws ShapeError when a shape or dtype differs from the above.
Tensor sigmoid_bce(const Tensor& logits, const Tensor& labels, const Tensor& weights);

}  // namespace denovo::ops
