#include "ops/weight_average/weight_average.h"

#include <fmt/format.h>

#include "core/error.h"
#include "ops/weight_average/weight_average_kernels.h"

namespace denovo::ops {

void weight_average(const Tensor& average, const Tensor& weights, double decay,
                    const DeviceStepState& state) {
  const DType dtype = weights.dtype();
  if ((dtype != DType::kF32 && dtype != DType::kF64) || weights.rank() != 1 ||
      weights.numel() % kAverageBlock != 0) {
    throw ShapeError(
        fmt::format("weight_average: weights must be f32 or f64 [n], n a multiple of {}, got {} {}",
                    kAverageBlock, name(dtype), to_string(weights.shape())));
  }
  require_tensor("weight_average", "average", average, dtype, weights.shape());
  with_backend(weights.device(), [&](auto& ctx) {
    run(ctx, WeightAverage{average, weights, decay, state.get()});
  });
}

}  // namespace denovo::ops
