// Two-dimensional convolution (cross-correlation) on NHWC tensors.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

struct Conv2dOptions {
  int stride = 1;
  int padding = 0;  // zeros on every side
  int dilation = 1;
  int groups = 1;
  bool relu = false;  // y = max(y, 0), fused
};

///   y[n,oy,ox,k] = bias[k] + sum_{ky,kx,c} weight[k,ky,kx,c] * x[n,iy,ix,c]
///   with iy = oy*stride - padding + ky*dilation
///        ix = ox*stride - padding + kx*dilation
///        c over the C_in / groups channels of k's group, x = 0 outside
///
/// then ReLU if asked.
///
///   x        [N, H, W, C_in]                 f32 or bf16 (oneDNN on the CPU), f64 (own loops)
///   weight   [C_out, kh, kw, C_in / groups]  dtype of x
///   bias     [C_out]                         dtype of x; may be undefined
///   returns  [N, H', W', C_out]              dtype of x
///            H' = floor((H + 2*padding - dilation*(kh-1) - 1) / stride) + 1, W' likewise
///
/// Backward saves x and weight, and y when ReLU is fused.
/// Throws ShapeError on ranks, channels, or an image smaller than the dilated kernel.
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const Conv2dOptions& options = {});

}  // namespace denovo::ops
