#pragma once

#include "core/kernels/backend.h"
#include "ops/sgd/sgd.h"

namespace denovo::ops {

struct Sgd {
  const SgdTensors& tensors;
  const ParameterGroups& groups;
  const SgdOptions& options;
  StepState* state;  // on the device
};

void run(CpuContext& ctx, const Sgd& args);
void run(CudaContext& ctx, const Sgd& args);

}  // namespace denovo::ops
