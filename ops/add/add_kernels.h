#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct AddForward {
  const Tensor &a, &b, &y;
  bool relu;
};

void run(CpuContext& ctx, const AddForward& args);
void run(CudaContext& ctx, const AddForward& args);

}  // namespace denovo::ops
