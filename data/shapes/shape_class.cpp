#include "data/shapes/shape_class.h"

namespace denovo::data {

std::span<const ShapeClass> detection_shapes() {
  static constexpr ShapeClass kClasses[] = {
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
  static constexpr ShapeClass kClasses[] = {
      {"disc", "disc", Outline::kDisc, Texture::kPlain},
      {"striped_disc", "disc", Outline::kDisc, Texture::kStripes},
      {"square", "square", Outline::kSquare, Texture::kPlain},
      {"triangle", "triangle", Outline::kTriangle, Texture::kPlain},
      {"ring", "ring", Outline::kRing, Texture::kPlain},
      {"star", "star", Outline::kStar, Texture::kPlain},
      {"arrow", "arrow", Outline::kArrow, Texture::kPlain},
      {"checked_triangle", "triangle", Outline::kTriangle, Texture::kChecks},
      {"dotted_disc", "disc", Outline::kDisc, Texture::kDots},
      {"half_disc", "half_disc", Outline::kHalfDisc, Texture::kPlain},
      {"heart", "heart", Outline::kHeart, Texture::kPlain},
      {"striped_hexagon", "hexagon", Outline::kHexagon, Texture::kStripes},
  };
  return kClasses;
}

}  // namespace denovo::data
