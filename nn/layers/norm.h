// Normalisation by name, fused with what follows it in a ResNet.
#pragma once

#include <string>

#include "nn/module.h"

namespace denovo::nn {

/// kind:
///   "GN"        group norm
///   "BN"        batch norm, statistics of the local batch; where its parameters are frozen
///               (freeze_at) the running ones, as detectron2 freezes norms with their stage
///   "SyncBN"    the same with the statistics of all ranks' batches (Module::join)
///   "FrozenBN"  fixed statistics and affine map, all buffers
///   "none"      identity (the convolution before it has a bias)
struct NormOptions {
  std::string kind = "GN";
  int num_groups = 32;
  double eps = 1e-5;
};

/// y = act(norm(x) + residual) with act = ReLU if relu.
class Norm : public Module {
 public:
  /// Throws ConfigError for an unknown kind or channels that num_groups does not divide.
  Norm(int channels, const NormOptions& options);

  /// x [N, H, W, C]; residual as x, or undefined. slots: i32 [N] or undefined; samples marked
  /// negative never enter batch statistics.
  Tensor forward(const Tensor& x, bool relu, const Tensor& residual = {},
                 const Tensor& slots = {}) const;

  /// True for kinds that have a shift of their own, so that the convolution needs no bias.
  static bool replaces_bias(const NormOptions& options) { return options.kind != "none"; }

 private:
  NormOptions options_;
  std::unique_ptr<Parameter> weight_, bias_;
  std::unique_ptr<Buffer> frozen_weight_, frozen_bias_, running_mean_, running_var_;
};

}  // namespace denovo::nn
