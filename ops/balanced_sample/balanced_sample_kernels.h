#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"
#include "ops/balanced_sample/balanced_sample.h"

namespace denovo::ops {

struct SampleBalanced {
  const Tensor &labels, &image_ids;
  const StepState* step;
  const SampleOptions& options;
  int64_t max_positives;
  const BalancedSample& sample;
};

void run(CpuContext& ctx, const SampleBalanced& args);
void run(CudaContext& ctx, const SampleBalanced& args);

}  // namespace denovo::ops
