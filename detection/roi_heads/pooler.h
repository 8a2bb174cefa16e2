// Features of boxes from a pyramid.
#pragma once

#include <span>
#include <vector>

#include "detection/config/model_config.h"
#include "ops/roi_align/roi_align.h"

namespace denovo::detection {

/// RoIAlign over the first levels of a pyramid.
class Pooler {
 public:
  /// strides: input pixels per cell of those levels.
  Pooler(const PoolerConfig& config, std::span<const int> strides, int resolution);
  /// features: per level [N, h, w, C], those without a stride are not read; boxes [R, 4]; images
  /// i32 [R] -> [R, S, S, C], zeros in empty slots.
  Tensor forward(const std::vector<Tensor>& features, const Tensor& boxes,
                 const Tensor& images) const;

  /// S is its output_size.
  const ops::RoiAlignOptions& options() const { return options_; }
  const std::vector<double>& strides() const { return strides_; }

 private:
  std::vector<double> strides_;
  ops::RoiAlignOptions options_;
};

}  // namespace denovo::detection
