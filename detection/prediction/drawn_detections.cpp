#include "detection/prediction/drawn_detections.h"

#include <fmt/format.h>

#include <algorithm>

namespace denovo::detection {

constexpr double kShownKeypoint = 0.05;

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
    draw_keypoints(d.keypoints, kShownKeypoint, known ? *category : data::CocoCategory(),
                   drawn.back());
  }
  return drawn;
}

void draw_keypoints(std::span<const double> keypoints, double min_last,
                    const data::CocoCategory& category, data::DrawnInstance& instance) {
  const auto shown = [&](size_t k) {
    return 3 * k < keypoints.size() && keypoints[3 * k + 2] > min_last;
  };
  // The centre of the pixel that is named.
  const auto at = [&](size_t k, size_t axis) {
    return static_cast<float>(keypoints[3 * k + axis] + 0.5);
  };
  const auto joined = [&](size_t k) {
    const auto number = static_cast<int>(k + 1);
    return category.skeleton.empty() ||
           std::any_of(category.skeleton.begin(), category.skeleton.end(),
                       [&](const auto& line) { return line[0] == number || line[1] == number; });
  };
  for (size_t k = 0; 3 * k < keypoints.size(); ++k)
    if (shown(k) && joined(k)) instance.points.push_back({at(k, 0), at(k, 1)});
  for (const auto& [from, to] : category.skeleton) {
    if (from < 1 || to < 1) continue;
    const auto a = static_cast<size_t>(from - 1), b = static_cast<size_t>(to - 1);
    if (shown(a) && shown(b)) instance.lines.push_back({at(a, 0), at(a, 1), at(b, 0), at(b, 1)});
  }
}

}  // namespace denovo::detection
