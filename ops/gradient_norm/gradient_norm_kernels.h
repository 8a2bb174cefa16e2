#pragma once

#include <span>

#include "core/kernels/backend.h"
#include "core/run/step_state.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct GradientNorm {
  const Tensor& gradients;
  std::span<const Tensor> losses;
  StepState* state;  // on the device
};

void run(CpuContext& ctx, const GradientNorm& args);
void run(CudaContext& ctx, const GradientNorm& args);

}  // namespace denovo::ops
