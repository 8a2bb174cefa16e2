// Frozen batch normalization.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// Per-channel affine map: y[n,h,w,c] = scale[c] * x[n,h,w,c] + shift[c].
///
/// This is batch normalization with frozen statistics, which fold_batch_norm makes such a map of.
///
///   x        [N, H, W, C]  floating point
///   scale    [C]           f32 (f64 beside f64), constant: never receives a gradient
///   shift    [C]           dtype of scale, constant: never receives a gradient
///   returns  [N, H, W, C]  dtype and device of x
///
/// Backward: grad_x = scale[c] * grad_y. Saves scale only.
/// Throws ShapeError when x is not floating [N, H, W, C] or scale, shift are not [C] of their
/// dtype; DeviceError when they are elsewhere.
Tensor channel_affine(const Tensor& x, const Tensor& scale, const Tensor& shift);

struct FoldedNorm {
  Tensor scale, shift;
};

/// Batch norm with frozen statistics as such a map, computed in f64 and rounded once:
///   scale = weight / sqrt(variance + eps),  shift = bias - mean * scale
///
///   weight, bias, mean, variance  [C]  f32 or f64, all of one dtype; scale and shift are as they
///
/// No gradient. Throws ShapeError on other shapes or dtypes.
FoldedNorm fold_batch_norm(const Tensor& weight, const Tensor& bias, const Tensor& mean,
                           const Tensor& variance, double eps);

}  // namespace denovo::ops
