#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct SizeFilter {
  const Tensor &boxes, &groups, &filtered;
  double min_size;
};

void run(CpuContext& ctx, const SizeFilter& args);
void run(CudaContext& ctx, const SizeFilter& args);

}  // namespace denovo::ops
