#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// Rows with low <= value < high, or all others when inverted (not zero = outside [0, 1)).
struct CompactForward {
  const Tensor& values;
  int32_t low, high;
  bool inverted;
  const Tensor &rows, &count;
};

void run(CpuContext& ctx, const CompactForward& args);
void run(CudaContext& ctx, const CompactForward& args);

}  // namespace denovo::ops
