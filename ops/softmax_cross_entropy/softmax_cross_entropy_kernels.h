#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// losses[r] = weights[r] * cross-entropy of row r, 0 in skipped rows
struct SoftmaxCrossEntropyForward {
  const Tensor &logits, &labels, &weights;
  double label_smoothing;
  const Tensor& losses;
};
/// grad_logits = beta * grad_logits + gradient
struct SoftmaxCrossEntropyBackward {
  const Tensor &logits, &labels, &weights;
  double label_smoothing;
  const Tensor &grad_y, &grad_logits;
  double beta;
};

void run(CpuContext& ctx, const SoftmaxCrossEntropyForward& args);
void run(CudaContext& ctx, const SoftmaxCrossEntropyForward& args);
void run(CpuContext& ctx, const SoftmaxCrossEntropyBackward& args);
void run(CudaContext& ctx, const SoftmaxCrossEntropyBackward& args);

}  // namespace denovo::ops
