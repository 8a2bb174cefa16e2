// Group normalization, fused with the ReLU and the residual sum that follow it in a ResNet.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

struct GroupNormOptions {
  int num_groups = 32;
  double eps = 1e-5;
  bool relu = false;
};

///   y = act((x - mean[n,g]) * rstd[n,g] * weight[c] + bias[c] + residual)
///   with g = c / (C / num_groups)
///
/// where mean and variance (biased) of sample n and group g run over all pixels and the channels of
/// the group, rstd = 1 / sqrt(variance + eps), act = ReLU when options.relu. NaN stays NaN.
///
///   x         [N, ..., C]  floating point; [N, H, W, C] in the network, [N, C] after a linear
///                          layer
///   weight    [C]          dtype of x, or f32 beside bf16
///   bias      [C]          dtype of weight
///   residual  shape, dtype and device of x, or undefined: none
///   returns   shape, dtype and device of x
///
/// Statistics are shifted sums of slabs of rows, merged in f64 in a fixed order: the same bytes on
/// any number of threads, and a mean far from zero costs no accuracy.
///
/// Backward: gradients of x, weight, bias and residual in two passes over memory. Saves x, mean and
/// rstd; the ReLU mask is computed again from x. With relu and residual it saves y instead of
/// residual (the next layer's convolution holds y anyway) and takes the mask from it.
///
/// Throws ShapeError when x is not floating or has rank < 2, C is not a multiple of num_groups,
/// weight, bias or residual do not fit; DeviceError when they are elsewhere.
/// Source: Wu and He, Group Normalization, 2018.
Tensor group_norm(const Tensor& x, const Tensor& weight, const Tensor& bias,
                  const GroupNormOptions& options = {}, const Tensor& residual = {});

}  // namespace denovo::ops
