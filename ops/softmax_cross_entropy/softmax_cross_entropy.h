// Softmax cross-entropy over classes, summed with a weight per row.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

///   y = sum_r weights[r] * (log(sum_c exp(logits[r, c])) - logits[r, labels[r]])
///
/// with the row's maximum taken out first. A row whose weight is 0 or whose label is negative is
/// skipped: whatever its logits hold (NaN, too) changes nothing.
///
///   logits   [..., C]  floating point, C >= 1
///   labels   [...]     i32, below C; a larger label gives NaN, so that the step is refused
///   weights  [...]     f32, or f64 where logits are f64; constant: never receives a gradient
///   returns  []        dtype of weights; summed in double, in a fixed order
///
/// Backward:
///   grad_logits[r, c] = grad_y * weights[r] * (softmax(logits[r])[c] - [c == labels[r]])
/// and 0 in skipped rows. Saves logits, labels, weights.
/// Throws ShapeError when a shape or dtype differs from the above.
Tensor softmax_cross_entropy(const Tensor& logits, const Tensor& labels, const Tensor& weights);

}  // namespace denovo::ops
