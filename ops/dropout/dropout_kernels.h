#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"
#include "ops/dropout/dropout.h"

namespace denovo::ops {

/// kept u8 [R, C]
struct DropoutForward {
  const Tensor &x, &y, &kept;
  const DropoutRows& rows;
  DropoutOptions options;
};
/// grad_x = beta * grad_x + [kept] * grad_y / (1 - rate)
struct DropoutBackward {
  const Tensor &grad_y, &kept, &grad_x;
  double rate, beta;
};

void run(CpuContext& ctx, const DropoutForward& args);
void run(CudaContext& ctx, const DropoutForward& args);
void run(CpuContext& ctx, const DropoutBackward& args);
void run(CudaContext& ctx, const DropoutBackward& args);

}  // namespace denovo::ops
