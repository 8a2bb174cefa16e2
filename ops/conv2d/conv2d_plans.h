// The cuDNN plans of one GPU, made when they are first asked for, and kept while host memory for
// them lasts; private to ops/conv2d. CUDA builds only.
#pragma once

#include <optional>
#include <span>

#include "core/run/lru_cache.h"
#include "ops/conv2d/conv2d_choices.h"
#include "ops/conv2d/conv2d_plan.h"

namespace denovo::ops {

/// Address of each tensor by its Conv2dBinding.
using ConvBindings = std::span<const std::pair<int64_t, void*>>;

class Conv2dPlans {
 public:
  explicit Conv2dPlans(CudaContext& ctx);

  /// Null when no engine serves the key, which is remembered too. Holds until the next call.
  /// bindings: what a tuned plan is measured with; none of them is written.
  const CudnnPlan* find(const Conv2dKey& key, ConvBindings bindings);

  /// conv2d_tuning.h: from here on by measurement, and by heuristics again.
  void tune(const std::string& path);
  void stop_tuning();

 private:
  std::optional<CudnnPlan> make(const Conv2dKey& key, ConvBindings bindings);
  std::optional<CudnnPlan> fastest(const Conv2dKey& key, ConvBindings bindings);

  CudaContext& ctx_;
  CudnnTarget target_;
  std::optional<Conv2dChoices> choices_;  // when tuning
  LruCache<Conv2dKey, std::optional<CudnnPlan>, HashWords> plans_;
};

/// Of the context's GPU. One thread drives it.
Conv2dPlans& conv2d_plans(CudaContext& ctx);

}  // namespace denovo::ops
