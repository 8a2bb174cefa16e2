// Fully connected layer.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y[r, k] = bias[k] + sum_c weight[k, c] * x[r, c]; then max(., 0) if relu.
///
///   x        [R, C_in]       f32 or bf16 (oneDNN on the CPU), f64 (own loops)
///   weight   [C_out, C_in]   dtype of x
///   bias     [C_out]         dtype of x; may be undefined
///   returns  [R, C_out]      dtype of x
///
/// Backward saves x and weight, and y when ReLU is fused. Throws ShapeError on ranks or channels.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, bool relu = false);

}  // namespace denovo::ops
