#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct UpsampleAddForward {
  const Tensor &lateral, &top, &y;
};
/// grad_top = beta * grad_top + sum of the pixels fed
struct UpsampleAddBackward {
  const Tensor &grad_y, &grad_top;
  double beta;
};

void run(CpuContext& ctx, const UpsampleAddForward& args);
void run(CudaContext& ctx, const UpsampleAddForward& args);
void run(CpuContext& ctx, const UpsampleAddBackward& args);
void run(CudaContext& ctx, const UpsampleAddBackward& args);

}  // namespace denovo::ops
