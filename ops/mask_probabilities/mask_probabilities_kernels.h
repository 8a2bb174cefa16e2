#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct MaskProbabilities {
  const Tensor &logits, &classes, &probabilities;
};

void run(CpuContext& ctx, const MaskProbabilities& args);
void run(CudaContext& ctx, const MaskProbabilities& args);

}  // namespace denovo::ops
