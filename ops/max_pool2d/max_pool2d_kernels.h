#pragma once

#include "core/kernels/backend.h"
#include "ops/max_pool2d/max_pool2d.h"

namespace denovo::ops {

/// winner u8 [N, H', W', C]: position of the maximum within its window, row-major
struct MaxPool2dForward {
  const Tensor &x, &y, &winner;
  MaxPool2dOptions options;
};
/// grad_x = beta * grad_x + gathered grad_y
struct MaxPool2dBackward {
  const Tensor &grad_y, &winner, &grad_x;
  MaxPool2dOptions options;
  double beta;
};

void run(CpuContext& ctx, const MaxPool2dForward& args);
void run(CudaContext& ctx, const MaxPool2dForward& args);
void run(CpuContext& ctx, const MaxPool2dBackward& args);
void run(CudaContext& ctx, const MaxPool2dBackward& args);

}  // namespace denovo::ops
