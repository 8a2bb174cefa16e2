#include "testing/draw_tensors.h"

#include <vector>

#include "testing/draw.h"

namespace denovo::testing {

Tensor random_ints(const Shape& shape, uint64_t seed, int32_t low, int32_t high) {
  Draw draw(seed);
  std::vector<int32_t> values(static_cast<size_t>(shape.numel()));
  for (int32_t& v : values) v = low + draw.below(high - low);
  return Tensor::from(shape, values);
}

Tensor random_boxes(const Shape& slots, uint64_t seed) {
  Draw draw(seed);
  std::vector<float> values;
  for (int64_t i = 0; i < slots.numel(); ++i) {
    const float x = static_cast<float>(draw.below(1280)) / 4,
                y = static_cast<float>(draw.below(1280)) / 4,
                w = 1 + static_cast<float>(draw.below(316)) / 4,
                h = 1 + static_cast<float>(draw.below(316)) / 4;
    values.insert(values.end(), {x, y, x + w, y + h});
  }
  std::vector<int64_t> sizes;
  for (int i = 0; i < slots.rank(); ++i) sizes.push_back(slots[i]);
  sizes.push_back(4);
  return Tensor::from(Shape(sizes.data(), static_cast<int>(sizes.size())), values);
}

Tensor coarse_scores(const Shape& shape, uint64_t seed) {
  Draw draw(seed);
  std::vector<float> values(static_cast<size_t>(shape.numel()));
  for (float& v : values) v = static_cast<float>(draw.below(128)) / 64 - 1;
  return Tensor::from(shape, values);
}

}  // namespace denovo::testing
