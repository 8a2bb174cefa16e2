#include "detection/prediction/drawn_detections.h"

#include <fmt/format.h>

#include <algorithm>

namespace denovo::detection {

std::vector<data::DrawnInstance> drawn_detections(const ImageDetections& image,
                                                  std::span<const data::CocoCategory> categories,
                                                  double min_score) {
  std::vector<data::DrawnInstance> drawn;
  for (size_t i = image.detections.size(); i-- > 0;) {
    const data::Detection& d = image.detections[i];
    if (d.score < min_score) continue;
    // By id: a validation set may have fewer categories than the model has classes.
    const auto category = std::find_if(categories.begin(), categories.end(),
                                       [&](const auto& c) { return c.id == d.category_id; });
    const bool known = category != categories.end();
    const auto& b = d.bbox;
    drawn.push_back(
        {known ? static_cast<int>(category - categories.begin()) : image.classes[i],
         {static_cast<float>(b[0]), static_cast<float>(b[1]), static_cast<float>(b[0] + b[2]),
          static_cast<float>(b[1] + b[3])},
         image.masks.empty() ? Rle{} : image.masks[i],
         data::score_label(known ? category->name : fmt::format("category {}", d.category_id),
                           static_cast<float>(d.score))});
  }
  return drawn;
}

}  // namespace denovo::detection
