#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct HeatmapCrossEntropyInputs {
  const Tensor &logits, &places, &weights;
};
/// losses[r, j] = weights[r, j] * cross-entropy of the map of keypoint j, 0 in skipped ones
struct HeatmapCrossEntropyForward {
  HeatmapCrossEntropyInputs inputs;
  const Tensor& losses;
};
/// grad_logits = beta * grad_logits + gradient
struct HeatmapCrossEntropyBackward {
  HeatmapCrossEntropyInputs inputs;
  const Tensor &grad_y, &grad_logits;
  double beta;
};

void run(CpuContext& ctx, const HeatmapCrossEntropyForward& args);
void run(CudaContext& ctx, const HeatmapCrossEntropyForward& args);
void run(CpuContext& ctx, const HeatmapCrossEntropyBackward& args);
void run(CudaContext& ctx, const HeatmapCrossEntropyBackward& args);

}  // namespace denovo::ops
