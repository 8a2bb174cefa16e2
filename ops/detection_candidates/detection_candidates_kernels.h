#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct DetectionCandidatesArgs {
  const Tensor &probabilities, &counts, &scores, &groups;
  double score_threshold;
};

void run(CpuContext& ctx, const DetectionCandidatesArgs& args);
void run(CudaContext& ctx, const DetectionCandidatesArgs& args);

}  // namespace denovo::ops
