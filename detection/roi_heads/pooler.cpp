#include "detection/roi_heads/pooler.h"

namespace denovo::detection {

Pooler::Pooler(const PoolerConfig& config, std::span<const int> strides, int resolution)
    : strides_(strides.begin(), strides.end()),
      options_{.output_size = resolution,
               .sampling_ratio = config.sampling_ratio,
               .aligned = config.aligned,
               .canonical_size = static_cast<double>(config.canonical_size),
               .canonical_level = config.canonical_level} {}

Tensor Pooler::forward(const std::vector<Tensor>& features, const Tensor& boxes,
                       const Tensor& images) const {
  return ops::roi_align(std::span(features).first(strides_.size()), strides_, boxes, images,
                        options_);
}

}  // namespace denovo::detection
