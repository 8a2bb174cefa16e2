#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// sum = maps, or sum + maps, divided by `divisor`.
struct AddView {
  const Tensor &maps, &mirror;  // mirror: may be undefined
  bool mirrored, is_first;
  double divisor;
  const Tensor& sum;
};

void run(CpuContext& ctx, const AddView& args);
void run(CudaContext& ctx, const AddView& args);

}  // namespace denovo::ops
