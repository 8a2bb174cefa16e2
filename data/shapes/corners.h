// The corners of outlines as keypoints: one list of names for all classes, of which each outline
// with corners has some. Figures are tilted by less than half a right angle, so that a name is what
// one sees.
#pragma once

#include <array>
#include <span>

#include "data/shapes/figure.h"

namespace denovo::data {

/// top, top_right, right, ... top_left, clockwise: left and right change places in a mirror.
inline constexpr std::array<const char*, 8> kCornerNames = {
    "top", "top_right", "right", "bottom_right", "bottom", "bottom_left", "left", "top_left"};

/// A corner in the figure's own frame, by its index in kCornerNames.
struct Corner {
  int name;
  float u, v;
};

/// Clockwise, as the skeleton joins them; of a star and a cross the tips. Empty for round outlines.
std::span<const Corner> corners_of(Outline outline);

struct CornerPoint {
  float x, y;  // pixels of the image
};
CornerPoint place_of(const Figure& figure, const Corner& corner);

}  // namespace denovo::data
