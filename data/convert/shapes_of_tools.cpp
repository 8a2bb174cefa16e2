#include "data/convert/shapes_of_tools.h"

#include <cmath>
#include <numbers>

namespace denovo::data {

std::vector<double> ellipse_polygon(double cx, double cy, double rx, double ry, double angle) {
  constexpr int kCorners = 64;
  std::vector<double> xy;
  for (int i = 0; i < kCorners; ++i) {
    const double t = 2 * std::numbers::pi * i / kCorners;
    const double x = rx * std::cos(t), y = ry * std::sin(t);
    xy.push_back(cx + x * std::cos(angle) - y * std::sin(angle));
    xy.push_back(cy + x * std::sin(angle) + y * std::cos(angle));
  }
  return xy;
}

std::vector<double> rectangle_polygon(double x, double y, double width, double height) {
  return {x, y, x + width, y, x + width, y + height, x, y + height};
}

void GroupedPolygons::add(const std::string& label, const std::string& group,
                          std::vector<double> polygon, const std::string& where) {
  if (!group.empty()) {
    const auto [found, is_new] = groups_.try_emplace({label, group}, objects_.size());
    if (!is_new) {
      objects_[found->second].polygons.push_back(std::move(polygon));
      return;
    }
  }
  objects_.push_back({label, where, {std::move(polygon)}});
}

void GroupedPolygons::hand_over(int image, Conversion& into) {
  for (Object& object : objects_)
    into.add_polygons(image, object.label, std::move(object.polygons), object.where);
  objects_.clear();
  groups_.clear();
}

}  // namespace denovo::data
