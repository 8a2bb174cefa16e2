// Frozen batch normalization.
#pragma once

#include "core/tensor.h"

namespace denovo::ops {

/// Per-channel affine map: y[n,h,w,c] = scale[c] * x[n,h,w,c] + shift[c].
///
/// This is batch normalization with frozen statistics; the caller folds mean, variance and epsilon
/// into scale and shift once, when weights are loaded.
///
///   x       [N, H, W, C]  floating point
///   scale   [C]           f32 (f64 beside f64), constant: never receives a gradient
///   shift   [C]           dtype of scale, constant: never receives a gradient
///   returns [N, H, W, C]  dtype and device of x
///
/// Backward: grad_x = scale[c] * grad_y. Saves scale only.
/// Throws ShapeError when x is not floating [N, H, W, C] or scale, shift are not [C] of their
/// dtype; DeviceError when they are elsewhere.
Tensor channel_affine(const Tensor& x, const Tensor& scale, const Tensor& shift);

}  // namespace denovo::ops
