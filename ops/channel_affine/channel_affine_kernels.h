#pragma once

#include "core/backend.h"
#include "core/tensor.h"

namespace denovo::ops {

struct ChannelAffineForward {
  const Tensor &x, &scale, &shift, &y;
};
/// grad_x = beta * grad_x + scale * grad_y
struct ChannelAffineBackward {
  const Tensor &scale, &grad_y, &grad_x;
  double beta;
};

void run(CpuContext& ctx, const ChannelAffineForward& args);
void run(CudaContext& ctx, const ChannelAffineForward& args);
void run(CpuContext& ctx, const ChannelAffineBackward& args);
void run(CudaContext& ctx, const ChannelAffineBackward& args);

}  // namespace denovo::ops
