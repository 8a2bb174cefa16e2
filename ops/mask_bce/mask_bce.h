// The mask loss of Mask R-CNN: binary cross-entropy on the mask of each RoI's class alone.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

///   y = sum_r weights[r] * mean over pixels p of
///         -log(targets[r, p] ? sigmoid(logits[r, p, k]) : 1 - sigmoid(logits[r, p, k]))
///
/// with k = classes[r] (Mask R-CNN, section 3: masks of other classes do not contribute). A row
/// whose weight is 0 is skipped: whatever its logits hold (NaN, too) changes nothing.
///
///   logits   [R, H, W, K]  floating point; K = 1: one mask for all classes
///   classes  [R]           i32, below K (any where K = 1); another class gives NaN, so that the
///                          step is refused
///   targets  [R, H, W]     u8, 0 outside, anything else inside the object
///   weights  [R]           f32, or f64 where logits are f64; constant: never receives a gradient
///   returns  []            dtype of weights; summed in double, in a fixed order
///
/// Backward:
///   grad_logits[r, p, k] =
///       grad_y * weights[r] / (H W) * (sigmoid(logits[r, p, k]) - targets[r, p])
/// and 0 for other classes and in skipped rows. Saves logits, classes, targets, weights.
/// Throws ShapeError when a shape or dtype differs from the above.
Tensor mask_bce(const Tensor& logits, const Tensor& classes, const Tensor& targets,
                const Tensor& weights);

}  // namespace denovo::ops
