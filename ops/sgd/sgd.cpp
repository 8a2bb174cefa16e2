#include "ops/sgd/sgd.h"

#include <fmt/format.h>

#include "ops/sgd/sgd_kernels.h"

namespace denovo::ops {
namespace {

void check(const SgdTensors& tensors, const SgdGroups& groups) {
  const Tensor& weights = tensors.weights;
  const DType dtype = weights.dtype();
  if ((dtype != DType::kF32 && dtype != DType::kF64) || weights.rank() != 1 ||
      weights.numel() % kSgdBlock != 0) {
    throw ShapeError(
        fmt::format("sgd: weights must be f32 or f64 [n], n a multiple of {}, got {} "
                    "{}",
                    kSgdBlock, name(dtype), to_string(weights.shape())));
  }
  require_tensor("sgd", "gradients", tensors.gradients, dtype, weights.shape());
  require_tensor("sgd", "momentum", tensors.momentum, dtype, weights.shape());
  require_tensor("sgd", "groups.of_block", groups.of_block, DType::kU8,
                 {weights.numel() / kSgdBlock});
  const Shape& factors = groups.factors.shape();
  require_tensor("sgd", "groups.factors", groups.factors, DType::kF64,
                 {factors.rank() == 0 ? 1 : factors[0], int64_t{2}});
}

}  // namespace

void sgd(const SgdTensors& tensors, const SgdGroups& groups, const SgdOptions& options,
         const DeviceStepState& state) {
  check(tensors, groups);
  with_backend(tensors.weights.device(), [&](auto& ctx) {
    run(ctx, Sgd{tensors, groups, options, state.get()});
  });
}

}  // namespace denovo::ops
