// Writes to the step's state in stream order, for every backend.
#pragma once

#include "core/kernels/backend.h"
#include "core/run/step_state.h"

namespace denovo {

void run_set_learning_rate(CpuContext& ctx, StepState* state, double lr);
void run_set_learning_rate(CudaContext& ctx, StepState* state, double lr);

}  // namespace denovo
