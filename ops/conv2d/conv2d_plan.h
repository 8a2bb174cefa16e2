// A convolution as a cuDNN graph; private to ops/conv2d and its tests. CUDA builds only.
#pragma once

#include "core/cuda/cudnn_graph.h"
#include "ops/conv2d/conv2d_key.h"

namespace denovo::ops {

/// Ids of the tensors in a plan's bindings. In the gradients, kX and kY are grad_x and grad_y, and
/// kWeight is grad_weight where that is the result.
enum Conv2dBinding : int64_t { kX = 1, kWeight = 2, kY = 3, kBias = 4 };

/// The target must outlive it.
std::shared_ptr<const CudnnGraph> make_conv2d_graph(const Conv2dKey& key,
                                                    const CudnnTarget& target);

/// Sums in f32 for f32 and bf16, TF32 only on request.
CudnnRules conv2d_rules(const Conv2dKey& key);

/// The plan that the heuristics prefer among the engines that obey the rules. Empty when the target
/// has none; for a fused bias or ReLU the caller then runs them apart.
std::optional<CudnnPlan> make_conv2d_plan(const Conv2dKey& key, const CudnnTarget& target);

/// A 1x1 convolution without stride is a product of matrices, pixels by channels, which cuBLASLt
/// computes in place. cuDNN's f32 engines first copy such tensors to another layout (240 MiB of
/// workspace for two images of 800x1344); its bf16 engines do not, and stay.
bool is_product(const Conv2dKey& key);

/// "x [2, 56, 56, 64] f32, weight [64, 3, 3, 64], stride 1, padding 1, forward"
std::string to_string(const Conv2dKey& key);

}  // namespace denovo::ops
