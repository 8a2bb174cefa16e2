#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"
#include "ops/group_norm/group_norm.h"

namespace denovo::ops {

/// mean, rstd: [N, num_groups] in the compute type of x.
struct GroupNormForward {
  const Tensor &x, &weight, &bias, &residual;  // residual may be undefined
  const Tensor &y, &mean, &rstd;
  GroupNormOptions options;
};

/// Each gradient is target = beta * target + value; an undefined target is not wanted.
struct GroupNormBackward {
  const Tensor &x, &weight, &bias, &mean, &rstd, &grad_y;
  const Tensor& y;  // defined: the ReLU mask is y > 0; else, with options.relu, taken from x
  GroupNormOptions options;
  const Tensor &grad_x, &grad_weight, &grad_bias;
  double beta_x, beta_weight, beta_bias;
  const Tensor& masked;  // with y: receives grad_y where y > 0, else 0; may be undefined
};

void run(CpuContext& ctx, const GroupNormForward& args);
void run(CudaContext& ctx, const GroupNormForward& args);
void run(CpuContext& ctx, const GroupNormBackward& args);
void run(CudaContext& ctx, const GroupNormBackward& args);

}  // namespace denovo::ops
