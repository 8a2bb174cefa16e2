#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct SumForward {
  const Tensor &x, &y;
};
/// grad_x[i] = beta * grad_x[i] + grad_y
struct SumBackward {
  const Tensor &grad_y, &grad_x;
  double beta;
};

void run(CpuContext& ctx, const SumForward& args);
void run(CudaContext& ctx, const SumForward& args);
void run(CpuContext& ctx, const SumBackward& args);
void run(CudaContext& ctx, const SumBackward& args);

}  // namespace denovo::ops
