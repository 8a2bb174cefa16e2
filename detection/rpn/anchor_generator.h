// Anchors of a network input, computed once per image shape.
#pragma once

#include <map>
#include <span>
#include <utility>
#include <vector>

#include "core/tensor/tensor.h"
#include "detection/config/model_config.h"

namespace denovo::detection {

/// Anchors of the levels of a pyramid, or of one map, in the order level, y, x, size, ratio.
class AnchorGenerator {
 public:
  /// strides: input pixels per cell of each level. A level of several has the size of its place in
  /// config.sizes, one map alone has all of them.
  AnchorGenerator(const AnchorConfig& config, std::span<const int> strides)
      : config_(config), strides_(strides.begin(), strides.end()) {}

  const AnchorConfig& config() const { return config_; }
  const std::vector<int>& strides() const { return strides_; }
  std::span<const double> sizes(size_t level) const {
    const std::span<const double> all = config_.sizes;
    return strides_.size() == 1 ? all : all.subspan(level, 1);
  }
  int per_cell() const { return static_cast<int>(sizes(0).size() * config_.ratios.size()); }
  /// [1, M, 4] in pixels of a height x width input. dtype f32 or f64. Kept for later calls.
  const Tensor& anchors(int64_t height, int64_t width, DType dtype, Device device);

 private:
  AnchorConfig config_;
  std::vector<int> strides_;
  std::map<std::pair<int64_t, int64_t>, Tensor> cache_;
};

}  // namespace denovo::detection
