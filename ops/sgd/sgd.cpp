#include "ops/sgd/sgd.h"

#include "ops/sgd/sgd_kernels.h"

namespace denovo::ops {

void sgd(const SgdTensors& tensors, const ParameterGroups& groups, const SgdOptions& options,
         const DeviceStepState& state) {
  const Tensor& weights = tensors.weights;
  require_arena("sgd", weights, groups);
  require_tensor("sgd", "gradients", tensors.gradients, weights.dtype(), weights.shape());
  require_tensor("sgd", "momentum", tensors.momentum, weights.dtype(), weights.shape());
  with_backend(weights.device(), [&](auto& ctx) {
    run(ctx, Sgd{tensors, groups, options, state.get()});
  });
}

}  // namespace denovo::ops
