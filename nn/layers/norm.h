// Normalisation of a chosen kind, fused with what follows it in a ResNet.
#pragma once

#include "core/config/config_choice.h"
#include "nn/module.h"

namespace denovo::nn {

enum class NormKind {
  kGroupNorm,
  kBatchNorm,        // statistics of the local batch; where its parameters are frozen (freeze_at)
                     // the running ones, as detectron2 freezes norms with their stage
  kSyncBatchNorm,    // the same with the statistics of all ranks' batches (Module::join)
  kFrozenBatchNorm,  // fixed statistics and affine map, all buffers
  kNone,             // identity; the convolution before it has a bias
};
inline constexpr ChoiceName<NormKind> kNormNames[] = {{NormKind::kGroupNorm, "GN"},
                                                      {NormKind::kBatchNorm, "BN"},
                                                      {NormKind::kSyncBatchNorm, "SyncBN"},
                                                      {NormKind::kFrozenBatchNorm, "FrozenBN"},
                                                      {NormKind::kNone, "none"}};

struct NormOptions {
  NormKind kind = NormKind::kGroupNorm;
  int num_groups = 32;
  double eps = 1e-5;
};

/// y = act(norm(x) + residual) with act = ReLU if relu.
class Norm : public Module {
 public:
  /// Throws ConfigError for channels that num_groups does not divide.
  Norm(int channels, const NormOptions& options);

  /// x [N, H, W, C]; residual as x, or undefined. slots: i32 [N] or undefined; samples marked
  /// negative never enter batch statistics.
  Tensor forward(const Tensor& x, bool relu, const Tensor& residual = {},
                 const Tensor& slots = {}) const;

  /// What it computes with, undefined where its kind has none.
  struct Tensors {
    Tensor weight, bias, running_mean, running_var;
  };
  Tensors tensors() const;
  const NormOptions& options() const { return options_; }
  /// Whether a forward in training mode takes its batch's statistics, and updates the running ones.
  bool learns_statistics() const;

  /// True for kinds that have a shift of their own, so that the convolution needs no bias.
  static bool replaces_bias(const NormOptions& options) { return options.kind != NormKind::kNone; }

 private:
  NormOptions options_;
  std::unique_ptr<Parameter> weight_, bias_;
  std::unique_ptr<Buffer> frozen_weight_, frozen_bias_, running_mean_, running_var_;
};

}  // namespace denovo::nn
