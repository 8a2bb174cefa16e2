// Anchors of a network input, computed once per image shape.
#pragma once

#include <map>
#include <utility>

#include "core/tensor/tensor.h"
#include "detection/config/model_config.h"

namespace denovo::detection {

/// Anchors of the levels p2..p6, in the order level, y, x, ratio.
class AnchorGenerator {
 public:
  explicit AnchorGenerator(const AnchorConfig& config) : config_(config) {}

  int per_cell() const { return static_cast<int>(config_.ratios.size()); }
  /// [1, M, 4] in pixels of a height x width input. dtype f32 or f64. Kept for later calls.
  const Tensor& anchors(int64_t height, int64_t width, DType dtype, Device device);

 private:
  AnchorConfig config_;
  std::map<std::pair<int64_t, int64_t>, Tensor> cache_;
};

}  // namespace denovo::detection
