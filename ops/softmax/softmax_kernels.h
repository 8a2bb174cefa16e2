#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct Softmax {
  const Tensor &x, &y;
};

void run(CpuContext& ctx, const Softmax& args);
void run(CudaContext& ctx, const Softmax& args);

}  // namespace denovo::ops
