#pragma once

#include "core/kernels/backend.h"
#include "ops/weight_average/weight_average.h"

namespace denovo::ops {

inline constexpr int64_t kAverageBlock = 16;

struct WeightAverage {
  const Tensor &average, &weights;
  double decay;
  const StepState* state;  // on the device
};

void run(CpuContext& ctx, const WeightAverage& args);
void run(CudaContext& ctx, const WeightAverage& args);

}  // namespace denovo::ops
