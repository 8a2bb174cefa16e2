#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct GlobalAvgPoolForward {
  const Tensor &x, &y;
};
/// grad_x = beta * grad_x + grad_y / pixels
struct GlobalAvgPoolBackward {
  const Tensor &grad_y, &grad_x;
  double beta;
};

void run(CpuContext& ctx, const GlobalAvgPoolForward& args);
void run(CudaContext& ctx, const GlobalAvgPoolForward& args);
void run(CpuContext& ctx, const GlobalAvgPoolBackward& args);
void run(CudaContext& ctx, const GlobalAvgPoolBackward& args);

}  // namespace denovo::ops
