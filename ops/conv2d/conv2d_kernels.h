// Private to ops/conv2d: the three directions of a convolution. A transposed convolution is the
// same three with the roles of x and y exchanged.
#pragma once

#include "core/kernels/backend.h"
#include "ops/conv2d/conv2d.h"

namespace denovo::ops {

/// y = conv(x, weight) + bias, ReLU if options.relu
struct Conv2dForward {
  const Tensor &x, &weight, &bias, &y;
  Conv2dOptions options;
};
/// grad_x = beta * grad_x + conv^T(grad_y, weight)
struct Conv2dBackwardData {
  const Tensor &grad_y, &weight, &grad_x;
  double beta;
  Conv2dOptions options;
};
/// grad_weight = beta * grad_weight + correlation(x, grad_y)
struct Conv2dBackwardWeight {
  const Tensor &x, &grad_y, &grad_weight;
  double beta;
  Conv2dOptions options;
};
void run(CpuContext& ctx, const Conv2dForward& args);
void run(CudaContext& ctx, const Conv2dForward& args);
void run(CpuContext& ctx, const Conv2dBackwardData& args);
void run(CudaContext& ctx, const Conv2dBackwardData& args);
void run(CpuContext& ctx, const Conv2dBackwardWeight& args);
void run(CudaContext& ctx, const Conv2dBackwardWeight& args);
}  // namespace denovo::ops
