#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// losses[r] = weights[r] * binary cross-entropy of element r, 0 where skipped
struct SigmoidBceForward {
  const Tensor &logits, &labels, &weights, &losses;
};
/// grad_logits = beta * grad_logits + gradient
struct SigmoidBceBackward {
  const Tensor &logits, &labels, &weights, &grad_y, &grad_logits;
  double beta;
};

void run(CpuContext& ctx, const SigmoidBceForward& args);
void run(CudaContext& ctx, const SigmoidBceForward& args);
void run(CpuContext& ctx, const SigmoidBceBackward& args);
void run(CudaContext& ctx, const SigmoidBceBackward& args);

}  // namespace denovo::ops
