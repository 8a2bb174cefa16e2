#include "ops/adamw/adamw.h"

#include "ops/adamw/adamw_kernels.h"

namespace denovo::ops {

void adamw(const AdamwTensors& tensors, const ParameterGroups& groups, const AdamwOptions& options,
           const DeviceStepState& state) {
  const Tensor& weights = tensors.weights;
  require_arena("adamw", weights, groups);
  require_tensor("adamw", "gradients", tensors.gradients, weights.dtype(), weights.shape());
  require_tensor("adamw", "mean", tensors.mean, weights.dtype(), weights.shape());
  require_tensor("adamw", "mean_square", tensors.mean_square, weights.dtype(), weights.shape());
  const Tensor corrections = Tensor::empty({2}, DType::kF64, weights.device());
  with_backend(weights.device(), [&](auto& ctx) {
    run(ctx, Adamw{tensors, groups, options, corrections, state.get()});
  });
}

}  // namespace denovo::ops
