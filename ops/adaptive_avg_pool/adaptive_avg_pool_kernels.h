#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct AdaptiveAvgPoolForward {
  const Tensor &x, &y;
};
/// grad_x = beta * grad_x + the sum over bins of grad_y / pixels of the bin
struct AdaptiveAvgPoolBackward {
  const Tensor &grad_y, &grad_x;
  double beta;
};

void run(CpuContext& ctx, const AdaptiveAvgPoolForward& args);
void run(CudaContext& ctx, const AdaptiveAvgPoolForward& args);
void run(CpuContext& ctx, const AdaptiveAvgPoolBackward& args);
void run(CudaContext& ctx, const AdaptiveAvgPoolBackward& args);

}  // namespace denovo::ops
