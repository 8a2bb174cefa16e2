#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct GatherRowsForward {
  const Tensor &x, &indices, &y;
  double empty_value;
};
/// grad_x[picked rows] += grad_y
struct GatherRowsBackward {
  const Tensor &indices, &grad_y, &grad_x;
};

void run(CpuContext& ctx, const GatherRowsForward& args);
void run(CudaContext& ctx, const GatherRowsForward& args);
void run(CpuContext& ctx, const GatherRowsBackward& args);
void run(CudaContext& ctx, const GatherRowsBackward& args);

}  // namespace denovo::ops
