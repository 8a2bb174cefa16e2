#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"
#include "ops/loss_weights/loss_weights.h"

namespace denovo::ops {

struct LossWeights {
  const Tensor &classes, &images, &weights;
  const LossWeightOptions& options;
};

void run(CpuContext& ctx, const LossWeights& args);
void run(CudaContext& ctx, const LossWeights& args);

}  // namespace denovo::ops
