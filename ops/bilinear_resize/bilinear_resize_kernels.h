#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct BilinearResizeForward {
  const Tensor &x, &y;
};
/// grad_x = beta * grad_x + the weights' transpose times grad_y
struct BilinearResizeBackward {
  const Tensor &grad_y, &grad_x;
  double beta;
};

void run(CpuContext& ctx, const BilinearResizeForward& args);
void run(CudaContext& ctx, const BilinearResizeForward& args);
void run(CpuContext& ctx, const BilinearResizeBackward& args);
void run(CudaContext& ctx, const BilinearResizeBackward& args);

}  // namespace denovo::ops
