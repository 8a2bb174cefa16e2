// Smooth-L1 or L1 loss on the box deltas of each row's class, summed with a weight per row.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

///   y = sum_r weights[r] * sum_{j<4} f(deltas[r, 4k + j] - targets[r, j]),  k = classes[r]
///   f(d) = 0.5 d^2 / beta  for |d| < beta,  |d| - 0.5 beta  otherwise;  beta = 0: f(d) = |d|
///
/// (Fast R-CNN, section 2.3). A row whose weight is 0 is skipped: whatever its deltas and targets
/// hold (NaN, too) changes nothing.
///
///   deltas   [..., 4K]  floating point; K = 1: one box for all classes
///   classes  [...]      i32, below K; another class gives NaN, so that the step is refused. May be
///                       undefined where K = 1, and is then, as any class there, column block 0
///   targets  [..., 4]   f32, or f64 where deltas are f64; constant: never receive a gradient
///   weights  [...]      as targets
///   returns  []         dtype of weights; summed in double, in a fixed order
///
/// Backward:
///   grad_deltas[r, 4k + j] = grad_y * weights[r] * clamp(d / beta, -1, 1)
/// or sign(d) with sign(0) = 0 where beta = 0; 0 in the columns of other classes and in skipped
/// rows. Saves deltas, classes, targets, weights.
/// Throws ShapeError when a shape or dtype differs from the above or beta is negative.
Tensor box_regression_loss(const Tensor& deltas, const Tensor& classes, const Tensor& targets,
                           const Tensor& weights, double beta);

}  // namespace denovo::ops
