#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct MaskBceInputs {
  const Tensor &logits, &classes, &targets, &weights;
};
/// losses[r, p] = weights[r] / (H W) * loss of pixel p, 0 in skipped rows
struct MaskBceForward {
  MaskBceInputs inputs;
  const Tensor& losses;
};
/// grad_logits = beta * grad_logits + gradient
struct MaskBceBackward {
  MaskBceInputs inputs;
  const Tensor &grad_y, &grad_logits;
  double beta;
};

void run(CpuContext& ctx, const MaskBceForward& args);
void run(CudaContext& ctx, const MaskBceForward& args);
void run(CpuContext& ctx, const MaskBceBackward& args);
void run(CudaContext& ctx, const MaskBceBackward& args);

}  // namespace denovo::ops
