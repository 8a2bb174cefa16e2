#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// grad_x = beta * grad_x + factor * grad_y
struct ScaleGradientBackward {
  const Tensor &grad_y, &grad_x;
  double factor, beta;
};

void run(CpuContext& ctx, const ScaleGradientBackward& args);
void run(CudaContext& ctx, const ScaleGradientBackward& args);

}  // namespace denovo::ops
