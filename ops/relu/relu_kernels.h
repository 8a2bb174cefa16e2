#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct ReluForward {
  const Tensor &x, &y;
};
/// grad_x = beta * grad_x + [y > 0] * grad_y
struct ReluBackward {
  const Tensor &y, &grad_y, &grad_x;
  double beta;
};

void run(CpuContext& ctx, const ReluForward& args);
void run(CudaContext& ctx, const ReluForward& args);
void run(CpuContext& ctx, const ReluBackward& args);
void run(CudaContext& ctx, const ReluBackward& args);

}  // namespace denovo::ops
