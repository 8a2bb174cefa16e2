// Largest value of a window.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

struct MaxPool2dOptions {
  int kernel = 2;
  int stride = 2;
  int padding = 0;  // at most kernel / 2; padding never wins
};

/// y[n, oy, ox, c] = max over the window of x that starts at (oy, ox) * stride - padding. NaN wins,
/// as in PyTorch. kernel = 1, stride = 2 takes every second pixel (pyramid level 6).
///
///   x        [N, H, W, C]    floating point
///   returns  [N, H', W', C], H' = floor((H + 2 * padding - kernel) / stride) + 1
///
/// Backward: the gradient goes to the first maximum of each window in row-major order. Every pixel
/// of x gathers from the windows that cover it, so the result does not depend on threads. Saves a
/// u8 position per output. Throws ShapeError on other ranks, options or an image smaller than the
/// kernel.
Tensor max_pool2d(const Tensor& x, const MaxPool2dOptions& options);

}  // namespace denovo::ops
