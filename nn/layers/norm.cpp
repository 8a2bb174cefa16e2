#include "nn/layers/norm.h"

#include <fmt/format.h>

#include "core/error.h"
#include "ops/add/add.h"
#include "ops/batch_norm/batch_norm.h"
#include "ops/channel_affine/channel_affine.h"
#include "ops/group_norm/group_norm.h"
#include "ops/relu/relu.h"

namespace denovo::nn {
namespace {

bool is_batch_norm(const NormOptions& options) {
  return options.kind == NormKind::kBatchNorm || options.kind == NormKind::kSyncBatchNorm;
}

/// The ranks' moments, each in its row of a tensor of zeros, are exchanged by a sum.
ops::BatchNormSync sync_over(ProcessGroup& group) {
  if (group.size() == 1) return {};
  const auto merge = [&group](const Tensor& moments) {
    const Tensor sets =
        Tensor::zeros({group.size(), 3, moments.size(1)}, DType::kF64, moments.device());
    copy(sets.rows(group.rank(), group.rank() + 1), moments.view({1, 3, moments.size(1)}));
    group.all_reduce(sets);
    ops::merge_moments(sets, moments);
  };
  return {.merge = merge, .add = [&group](const Tensor& sums) { group.all_reduce(sums); }};
}

}  // namespace

Norm::Norm(int channels, const NormOptions& options) : options_(options) {
  const Shape shape{channels};
  if (options.kind == NormKind::kGroupNorm && channels % options.num_groups != 0) {
    throw ConfigError(fmt::format("norm: channels must be a multiple of num_groups = {}, got {}",
                                  options.num_groups, channels));
  }
  if (options.kind == NormKind::kGroupNorm || is_batch_norm(options)) {
    weight_ = std::make_unique<Parameter>(*this, "weight", shape, Initializer::constant(1),
                                          ParameterKind::kNorm);
    bias_ = std::make_unique<Parameter>(*this, "bias", shape, Initializer::constant(0),
                                        ParameterKind::kNorm);
  } else if (options.kind == NormKind::kFrozenBatchNorm) {
    frozen_weight_ = std::make_unique<Buffer>(*this, "weight", shape, 1);
    frozen_bias_ = std::make_unique<Buffer>(*this, "bias", shape, 0);
  } else {
    throw InternalError("norm: none has no parameters");
  }
  if (options.kind != NormKind::kGroupNorm) {
    running_mean_ = std::make_unique<Buffer>(*this, "running_mean", shape, 0);
    running_var_ = std::make_unique<Buffer>(*this, "running_var", shape, 1);
  }
}

Tensor Norm::forward(const Tensor& x, bool relu, const Tensor& residual,
                     const Tensor& slots) const {
  if (options_.kind == NormKind::kGroupNorm) {
    return ops::group_norm(x, *weight_, *bias_,
                           {.num_groups = options_.num_groups, .eps = options_.eps, .relu = relu},
                           residual);
  }
  if (is_batch_norm(options_)) {
    const bool trains = is_training() && learns_statistics();
    return ops::batch_norm(
        x, {*weight_, *bias_, *running_mean_, *running_var_},
        {.training = trains, .eps = options_.eps, .relu = relu}, residual, slots,
        options_.kind == NormKind::kSyncBatchNorm ? sync_over(group()) : ops::BatchNormSync{});
  }
  // A few hundred channels: folding anew in each forward costs nothing beside the layer and cannot
  // go stale when weights are loaded.
  const ops::FoldedNorm folded = ops::fold_batch_norm(*frozen_weight_, *frozen_bias_,
                                                      *running_mean_, *running_var_, options_.eps);
  const Tensor y = ops::channel_affine(x, folded.scale, folded.shift);
  if (residual.defined()) return ops::add(y, residual, relu);
  return relu ? ops::relu(y) : y;
}

bool Norm::learns_statistics() const {
  return is_batch_norm(options_) && weight_->tensor().requires_grad();
}

Norm::Tensors Norm::tensors() const {
  Tensors tensors;
  const auto take = [](Tensor& to, const auto& from) {
    if (from) to = from->tensor();
  };
  take(tensors.weight, weight_);
  take(tensors.weight, frozen_weight_);
  take(tensors.bias, bias_);
  take(tensors.bias, frozen_bias_);
  take(tensors.running_mean, running_mean_);
  take(tensors.running_var, running_var_);
  return tensors;
}

}  // namespace denovo::nn
