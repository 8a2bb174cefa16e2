// A convolution as a cuDNN graph; private to ops/conv2d and its tests. CUDA builds only.
#pragma once

#include "core/cuda/cudnn_graph.h"
#include "ops/conv2d/conv2d_key.h"

namespace denovo::ops {

/// Ids of the tensors in a plan's bindings. In the gradients, kX and kY are grad_x and grad_y, and
/// kWeight is grad_weight where that is the result.
enum Conv2dBinding : int64_t { kX = 1, kWeight = 2, kY = 3, kBias = 4 };

/// The plan of a deterministic, precompiled engine: f32 accumulation for f32 and bf16, TF32 only on
/// request.
/// Empty when the target has none; for a fused bias or ReLU the caller then runs them apart.
std::optional<CudnnPlan> make_conv2d_plan(const Conv2dKey& key, const CudnnTarget& target);

/// "x [2, 56, 56, 64] f32, weight [64, 3, 3, 64], stride 1, padding 1, forward"
std::string to_string(const Conv2dKey& key);

}  // namespace denovo::ops
