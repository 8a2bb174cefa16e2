// Softmax cross-entropy over classes, summed with a weight per row.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

///   y = sum_r weights[r] * (log(sum_c exp(logits[r, c])) - sum_c t[r, c] * logits[r, c])
///   t[r, c] = (1 - label_smoothing) * [c == labels[r]] + label_smoothing / C
///
/// with the row's maximum taken out first. Label smoothing is that of Szegedy et al. (Rethinking
/// the Inception Architecture, 2016, section 7) and of PyTorch's cross_entropy. A row whose weight
/// is 0 or whose label is negative is skipped: whatever its logits hold (NaN, too) changes nothing.
///
///   logits   [..., C]  floating point, C >= 1
///   labels   [...]     i32, below C; a larger label gives NaN, so that the step is refused
///   weights  [...]     f32, or f64 where logits are f64; constant: never receives a gradient
///   returns  []        dtype of weights; summed in double, in a fixed order
///
/// Backward:
///   grad_logits[r, c] = grad_y * weights[r] * (softmax(logits[r])[c] - t[r, c])
/// and 0 in skipped rows. Saves logits, labels, weights.
/// Throws ShapeError when a shape or dtype differs from the above, or label_smoothing is not in
/// [0, 1].
Tensor softmax_cross_entropy(const Tensor& logits, const Tensor& labels, const Tensor& weights,
                             double label_smoothing = 0);

}  // namespace denovo::ops
