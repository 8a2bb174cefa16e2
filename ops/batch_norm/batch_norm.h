// Batch normalization, over one process or several, over all samples or the valid ones, fused with
// the ReLU and the residual sum that follow it in a ResNet.
#pragma once

#include <functional>

#include "core/tensor/tensor.h"

namespace denovo::ops {

struct BatchNormOptions {
  bool training = true;
  double eps = 1e-5;
  double momentum = 0.1;  // running = (1 - momentum) * running + momentum * batch
  bool relu = false;
};

/// What a layer keeps, each [C]. weight and bias: dtype of x, or f32 beside bf16. Running
/// statistics: f32 (f64 beside f64), constant for autograd, updated in place by a training forward.
struct BatchNormState {
  Tensor weight, bias, running_mean, running_variance;
};

/// How ranks join their statistics; both calls are collective and are made on every rank, also on
/// one whose batch is empty. The default is one rank alone.
struct BatchNormSync {
  /// Forward: replaces moments (batch_moments of this rank) by those of all ranks, joined in their
  /// order (merge_moments).
  std::function<void(const Tensor& moments)> merge;
  /// Backward: replaces sums, f64 [2, C], by their sum over all ranks.
  std::function<void(const Tensor& sums)> add;
};

///   y = act((x - mean[c]) / sqrt(variance[c] + eps) * weight[c] + bias[c] + residual)
///
/// with act = ReLU when options.relu. Training: mean and biased variance over all pixels of all
/// valid samples (and ranks); the running variance takes the unbiased one. A batch without a pixel
/// leaves them as they are; a single pixel counts its variance as 0. Otherwise: the running
/// statistics.
///
///   x         [N, ..., C]  floating point
///   residual  shape, dtype and device of x, or undefined: none
///   slots     i32 [N], or undefined: all valid. A negative number marks an empty slot, whose row
///             never enters statistics or sums and gives zeros, whatever x holds there
///   returns   shape, dtype and device of x
///
/// Backward: gradients of x, weight, bias (of this rank) and residual, zero in empty slots. Saves
/// x, mean, 1/deviation and slots; with relu and residual also y, else the ReLU mask is computed
/// again.
///
/// Throws ShapeError when x is not floating or has rank < 2, or another tensor does not fit;
/// DeviceError when it is elsewhere.
/// Source: Ioffe and Szegedy, 2015; agrees with torch.nn.BatchNorm2d and SyncBatchNorm.
Tensor batch_norm(const Tensor& x, const BatchNormState& state,
                  const BatchNormOptions& options = {}, const Tensor& residual = {},
                  const Tensor& slots = {}, const BatchNormSync& sync = {});

/// Statistics of x over its valid samples: f64 [3, C] with rows count, mean and M2 (sum of squared
/// deviations), the form in which batches and ranks can be merged.
Tensor batch_moments(const Tensor& x, const Tensor& slots = {});

/// moments [3, C] := those of the sets [S, 3, C] together, joined in their order.
void merge_moments(const Tensor& sets, const Tensor& moments);

}  // namespace denovo::ops
