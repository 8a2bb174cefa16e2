// Bias of convolutions and linear layers, shared by their ops: added to every row, with the ReLU
// behind it; its gradient is a sum over rows.
#pragma once

#include "core/autograd/autograd.h"
#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"
#include "ops/relu/relu_kernels.h"

namespace denovo::ops {

/// grad_bias[c] = beta * grad_bias[c] + sum over rows of grad_y[row, c]
struct BiasBackward {
  const Tensor &grad_y, &grad_bias;
  double beta;
};
/// masked = grad_y where y > 0, else 0, and BiasBackward of it, in one pass where that is faster.
struct ReluBiasBackward {
  const Tensor &y, &grad_y, &masked, &grad_bias;
  double beta;
};
/// y[row, c] = y[row, c] + bias[c], then max(., 0) if relu
struct AddBias {
  const Tensor &y, &bias;  // bias may be undefined
  bool relu;
};

void run(CpuContext& ctx, const BiasBackward& args);
void run(CudaContext& ctx, const BiasBackward& args);
void run(CpuContext& ctx, const ReluBiasBackward& args);
void run(CudaContext& ctx, const ReluBiasBackward& args);
void run(CpuContext& ctx, const AddBias& args);
void run(CudaContext& ctx, const AddBias& args);

/// AddBias backwards: the gradient of what it was added to, and that of the bias where it is
/// wanted. y: undefined without a ReLU.
template <class Ctx>
Tensor add_bias_backward(Ctx& ctx, const Tensor& y, const Tensor& grad_y, GradSlot& bias) {
  if (!y.defined()) {
    if (bias) run(ctx, BiasBackward{grad_y, bias.buffer(), bias.beta()});
    return grad_y;
  }
  const Tensor masked = grad_y.empty_like();
  if (bias) {
    run(ctx, ReluBiasBackward{y, grad_y, masked, bias.buffer(), bias.beta()});
  } else {
    run(ctx, ReluBackward{y, grad_y, masked, 0});
  }
  return masked;
}

}  // namespace denovo::ops
