// Bias of convolutions and linear layers, shared by their ops: added to every row; its gradient is
// a sum over rows.
#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// grad_bias[c] = beta * grad_bias[c] + sum over rows of grad_y[row, c]
struct BiasBackward {
  const Tensor &grad_y, &grad_bias;
  double beta;
};
/// y[row, c] = y[row, c] + bias[c], then max(., 0) if relu
struct AddBias {
  const Tensor &y, &bias;  // bias may be undefined
  bool relu;
};

void run(CpuContext& ctx, const BiasBackward& args);
void run(CudaContext& ctx, const BiasBackward& args);
void run(CpuContext& ctx, const AddBias& args);
void run(CudaContext& ctx, const AddBias& args);

}  // namespace denovo::ops
