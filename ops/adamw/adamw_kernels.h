#pragma once

#include "core/kernels/backend.h"
#include "ops/adamw/adamw.h"

namespace denovo::ops {

struct Adamw {
  const AdamwTensors& tensors;
  const ParameterGroups& groups;
  const AdamwOptions& options;
  const Tensor& corrections;  // [2] f64, scratch
  StepState* state;           // on the device
};

void run(CpuContext& ctx, const Adamw& args);
void run(CudaContext& ctx, const Adamw& args);

}  // namespace denovo::ops
