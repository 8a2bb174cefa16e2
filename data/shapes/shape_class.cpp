#include "data/shapes/shape_class.h"

#include <algorithm>
#include <vector>

namespace denovo::data {
namespace {

/// Every outline with every texture that detection_shapes() lacks.
std::vector<ShapeClass> other_shapes() {
  static constexpr std::pair<const char*, Outline> kOutlines[] = {
      {"disc", Outline::kDisc},          {"ring", Outline::kRing},
      {"square", Outline::kSquare},      {"triangle", Outline::kTriangle},
      {"star", Outline::kStar},          {"cross", Outline::kCross},
      {"crescent", Outline::kCrescent},  {"hexagon", Outline::kHexagon},
      {"heart", Outline::kHeart},        {"arrow", Outline::kArrow},
      {"half_disc", Outline::kHalfDisc}, {"ell", Outline::kEll},
  };
  static constexpr std::pair<const char*, Texture> kTextures[] = {{"", Texture::kPlain},
                                                                  {"striped_", Texture::kStripes},
                                                                  {"checked_", Texture::kChecks},
                                                                  {"dotted_", Texture::kDots}};
  const auto detected = detection_shapes();
  std::vector<ShapeClass> classes;
  for (const auto& [outline_name, outline] : kOutlines) {
    for (const auto& [prefix, texture] : kTextures) {
      const bool known = std::any_of(detected.begin(), detected.end(), [&](const ShapeClass& c) {
        return c.outline == outline && c.texture == texture;
      });
      if (!known)
        classes.push_back({std::string(prefix) + outline_name, outline_name, outline, texture});
    }
  }
  return classes;
}

}  // namespace

std::span<const ShapeClass> detection_shapes() {
  static const ShapeClass kClasses[] = {
      {"disc", "disc", Outline::kDisc, Texture::kPlain},
      {"striped_disc", "disc", Outline::kDisc, Texture::kStripes},
      {"square", "square", Outline::kSquare, Texture::kPlain},
      {"striped_square", "square", Outline::kSquare, Texture::kStripes},
      {"checked_square", "square", Outline::kSquare, Texture::kChecks},
      {"triangle", "triangle", Outline::kTriangle, Texture::kPlain},
      {"ring", "ring", Outline::kRing, Texture::kPlain},
      {"star", "star", Outline::kStar, Texture::kPlain},
      {"cross", "cross", Outline::kCross, Texture::kPlain},
      {"crescent", "crescent", Outline::kCrescent, Texture::kPlain},
  };
  return kClasses;
}

std::span<const ShapeClass> classification_shapes() {
  static const std::vector<ShapeClass> classes = other_shapes();
  return classes;
}

}  // namespace denovo::data
