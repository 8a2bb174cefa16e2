#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct BoxRegressionRows {
  const Tensor &deltas, &classes, &targets, &weights;  // classes is undefined for K = 1
  double beta;
};
/// losses[r] = weights[r] * loss of row r, 0 in skipped rows
struct BoxRegressionLossForward {
  BoxRegressionRows rows;
  const Tensor& losses;
};
/// grad_deltas = (accumulate ? grad_deltas : 0) + gradient
struct BoxRegressionLossBackward {
  BoxRegressionRows rows;
  const Tensor &grad_y, &grad_deltas;
  bool accumulate;
};

void run(CpuContext& ctx, const BoxRegressionLossForward& args);
void run(CudaContext& ctx, const BoxRegressionLossForward& args);
void run(CpuContext& ctx, const BoxRegressionLossBackward& args);
void run(CudaContext& ctx, const BoxRegressionLossBackward& args);

}  // namespace denovo::ops
