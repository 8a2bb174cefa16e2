#include "detection/config/tta_config.h"

#include <algorithm>
#include <cmath>

namespace denovo::detection {

// Beyond these an object of the training is a speck, or fills the memory.
constexpr double kLeastScale = 0.1, kMostScale = 10;

void TtaConfig::describe(ConfigFields& v) {
  v("scales", scales, "sizes of the image, as multiples of the model's input.min_size_test")
      .range(kLeastScale, kMostScale)
      .not_empty();
  v("flip", flip, "look at each size mirrored too");
  v("max_size", max_size,
    "largest long side in other sizes than the model's own, pixels; 0: input.max_size times the "
    "largest scale")
      .non_negative();
  v("vote_iou", vote_iou,
    "a box becomes the mean, weighted with their scores, of all boxes of its class found with this "
    "IoU or more; 0: boxes stay")
      .range(0, 1);
}

std::vector<TtaPass> TtaConfig::passes(const data::InputRule& rule) const {
  const auto scaled = [](int side, double scale) {
    return std::max(1, static_cast<int>(std::lround(side * scale)));
  };
  const double largest = std::max(1., *std::max_element(scales.begin(), scales.end()));
  std::vector<TtaPass> passes;
  for (const double scale : scales) {
    data::InputRule sized = rule;
    if (scale != 1) {
      sized.short_sides = {scaled(rule.short_sides.front(), scale)};
      if (rule.max_size > 0) sized.max_size = scaled(rule.max_size, largest);
      if (max_size > 0) sized.max_size = max_size;
    }
    passes.push_back({sized, false});
    if (scale == 1) std::rotate(passes.begin(), passes.end() - 1, passes.end());
  }
  if (!flip) return passes;
  for (size_t i = 0, sizes = passes.size(); i < sizes; ++i)
    passes.push_back({passes[i].rule, true});
  return passes;
}

}  // namespace denovo::detection
