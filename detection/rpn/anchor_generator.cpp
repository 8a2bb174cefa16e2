#include "detection/rpn/anchor_generator.h"

#include "ops/anchors/anchors.h"

namespace denovo::detection {

const Tensor& AnchorGenerator::anchors(int64_t height, int64_t width, DType dtype, Device device) {
  Tensor& cached = cache_[{height, width}];
  if (cached.defined() && cached.dtype() == dtype && cached.device() == device) return cached;
  std::vector<ops::AnchorLevel> levels;
  for (size_t i = 0; i < strides_.size(); ++i) {
    const int64_t stride = strides_[i];
    const int64_t rows = (height + stride - 1) / stride, columns = (width + stride - 1) / stride;
    levels.push_back({rows,
                      columns,
                      static_cast<double>(stride),
                      static_cast<double>(stride),
                      {sizes(i).begin(), sizes(i).end()}});
  }
  const Tensor all = ops::grid_anchors(
      levels, {.ratios = config_.ratios, .rounded = config_.rounded}, dtype, device);
  cached = all.view({1, all.size(0), 4});
  return cached;
}

}  // namespace denovo::detection
