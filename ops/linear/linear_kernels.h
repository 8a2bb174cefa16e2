#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y = x * weight^T
struct LinearForward {
  const Tensor &x, &weight, &y;
};
/// grad_x = beta * grad_x + grad_y * weight
struct LinearBackwardData {
  const Tensor &grad_y, &weight, &grad_x;
  double beta;
};
/// grad_weight = beta * grad_weight + grad_y^T * x
struct LinearBackwardWeight {
  const Tensor &x, &grad_y, &grad_weight;
  double beta;
};

void run(CpuContext& ctx, const LinearForward& args);
void run(CudaContext& ctx, const LinearForward& args);
void run(CpuContext& ctx, const LinearBackwardData& args);
void run(CudaContext& ctx, const LinearBackwardData& args);
void run(CpuContext& ctx, const LinearBackwardWeight& args);
void run(CudaContext& ctx, const LinearBackwardWeight& args);

}  // namespace denovo::ops
