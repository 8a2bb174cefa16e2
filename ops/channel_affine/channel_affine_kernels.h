#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct ChannelAffineForward {
  const Tensor &x, &scale, &shift, &y;
};
/// grad_x = beta * grad_x + scale * grad_y
struct ChannelAffineBackward {
  const Tensor &scale, &grad_y, &grad_x;
  double beta;
};

struct FoldBatchNorm {
  const Tensor &weight, &bias, &mean, &variance;
  double eps;
  const Tensor &scale, &shift;
};

void run(CpuContext& ctx, const ChannelAffineForward& args);
void run(CudaContext& ctx, const ChannelAffineForward& args);
void run(CpuContext& ctx, const ChannelAffineBackward& args);
void run(CudaContext& ctx, const ChannelAffineBackward& args);
void run(CpuContext& ctx, const FoldBatchNorm& args);
void run(CudaContext& ctx, const FoldBatchNorm& args);

}  // namespace denovo::ops
