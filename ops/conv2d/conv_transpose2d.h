// Transposed convolution (the gradient of a convolution with respect to its input), NHWC.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

struct ConvTranspose2dOptions {
  int stride = 1;
  int padding = 0;
  bool relu = false;
};

///   y[n,oy,ox,k] = bias[k] + sum_{c,iy,ky,ix,kx} weight[c,ky,kx,k] * x[n,iy,ix,c]
///   with oy = iy*stride - padding + ky
///        ox = ix*stride - padding + kx
///
/// then ReLU if asked. The mask head's up-sampling is kernel 2, stride 2.
///
///   x        [N, H, W, C_in]          f32, bf16 or f64
///   weight   [C_in, kh, kw, C_out]    dtype of x
///   bias     [C_out]                  dtype of x; may be undefined
///   returns  [N, (H-1)*stride - 2*padding + kh, (W-1)*stride - 2*padding + kw, C_out]
///
/// Backward saves x and weight, and y when ReLU is fused. Throws ShapeError on ranks or channels.
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTranspose2dOptions& options = {});

}  // namespace denovo::ops
