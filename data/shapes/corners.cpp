#include "data/shapes/corners.h"

namespace denovo::data {
namespace {

enum { kTop, kTopRight, kRight, kBottomRight, kBottom, kBottomLeft, kLeft, kTopLeft };

constexpr Corner kSquare[] = {
    {kTopRight, 1, -1}, {kBottomRight, 1, 1}, {kBottomLeft, -1, 1}, {kTopLeft, -1, -1}};
constexpr Corner kTriangle[] = {{kTop, 0, -1}, {kBottomRight, 1, 0.85f}, {kBottomLeft, -1, 0.85f}};
// Sine and cosine of 72 and 144 degrees.
constexpr Corner kStar[] = {{kTop, 0, -1},
                            {kRight, 0.95106f, -0.30902f},
                            {kBottomRight, 0.58779f, 0.80902f},
                            {kBottomLeft, -0.58779f, 0.80902f},
                            {kLeft, -0.95106f, -0.30902f}};
constexpr Corner kCross[] = {{kTop, 0, -1}, {kRight, 1, 0}, {kBottom, 0, 1}, {kLeft, -1, 0}};

}  // namespace

std::span<const Corner> corners_of(Outline outline) {
  switch (outline) {
    case Outline::kSquare:
      return kSquare;
    case Outline::kTriangle:
      return kTriangle;
    case Outline::kStar:
      return kStar;
    case Outline::kCross:
      return kCross;
    default:
      return {};
  }
}

CornerPoint place_of(const Figure& figure, const Corner& corner) {
  const float x = corner.u * figure.half_width, y = corner.v * figure.half_height;
  return {figure.x + figure.cosine * x - figure.sine * y,
          figure.y + figure.sine * x + figure.cosine * y};
}

}  // namespace denovo::data
