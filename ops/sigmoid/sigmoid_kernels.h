#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct Sigmoid {
  const Tensor &x, &y;
};

void run(CpuContext& ctx, const Sigmoid& args);
void run(CudaContext& ctx, const Sigmoid& args);

}  // namespace denovo::ops
