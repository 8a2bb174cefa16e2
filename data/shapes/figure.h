// Outlines, textures and the figures made of one of each.
#pragma once

#include <array>
#include <cstdint>

namespace denovo::data {

/// Each outline fits the square [-1, 1] x [-1, 1] of the figure's own frame (u, v).
enum class Outline : uint8_t {
  kDisc,
  kRing,
  kSquare,
  kTriangle,
  kStar,
  kCross,
  kCrescent,  // of the detection classes
  kHexagon,
  kHeart,
  kArrow,
  kHalfDisc,  // of classification classes only
  kEll,
  kBlob,
  kBar,  // of clutter only
};

enum class Texture : uint8_t { kPlain, kStripes, kChecks, kDots };

using Rgb = std::array<float, 3>;

struct Figure {
  Outline outline = Outline::kDisc;
  Texture texture = Texture::kPlain;
  float x = 0, y = 0;                     // centre, pixels
  float half_width = 1, half_height = 1;  // before rotation
  float cosine = 1, sine = 0;             // of the rotation
  Rgb colour{}, second_colour{};
  float period = 8;                            // of the texture, pixels
  float texture_cosine = 1, texture_sine = 0;  // its direction
  float texture_x = 0, texture_y = 0;          // its phase, periods
  uint32_t variant = 0;                        // tells blobs and mottles apart

  /// No part of the figure is farther from (x, y), along either axis.
  float reach_x() const;
  float reach_y() const;
};

/// True inside the outline; variant matters for kBlob only.
bool inside_outline(Outline outline, float u, float v, uint32_t variant);

/// Share of the square [-1, 1]^2 that the outline covers, times 4: its area in the (u, v) frame.
float outline_area(Outline outline);

/// True when the figure covers the point (px, py) of the image.
bool covers(const Figure& figure, float px, float py);

/// Colour of the figure at a point that it covers.
Rgb colour_at(const Figure& figure, float px, float py);

/// 0 or 1: which of its two colours a texture shows at (s, t), in periods; kPlain gives a smooth
/// value between them.
float texture_value(Texture texture, float s, float t, uint32_t variant);

/// Smooth noise in [0, 1] with one random value per unit of x and y.
float value_noise(float x, float y, uint32_t variant);

}  // namespace denovo::data
