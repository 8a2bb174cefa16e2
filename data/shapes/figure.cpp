#include "data/shapes/figure.h"

#include <cmath>
#include <numbers>
#include <span>

namespace denovo::data {
namespace {

struct Point {
  float u, v;
};

constexpr Point kTriangle[] = {{0, -1}, {1, 0.85f}, {-1, 0.85f}};
constexpr Point kHexagon[] = {{1, 0},  {0.5f, 0.87f},   {-0.5f, 0.87f},
                              {-1, 0}, {-0.5f, -0.87f}, {0.5f, -0.87f}};
constexpr Point kArrow[] = {{1, 0},       {0.1f, 0.9f},   {0.1f, 0.35f}, {-1, 0.35f},
                            {-1, -0.35f}, {0.1f, -0.35f}, {0.1f, -0.9f}};

std::array<Point, 10> make_star() {
  std::array<Point, 10> star;
  for (int i = 0; i < 10; ++i) {
    const float angle = std::numbers::pi_v<float> * i / 5, radius = i % 2 == 0 ? 1.f : 0.45f;
    star[i] = {radius * std::sin(angle), -radius * std::cos(angle)};
  }
  return star;
}

// Even-odd rule: edges crossed by the ray to the right.
bool inside_polygon(std::span<const Point> polygon, float u, float v) {
  bool inside = false;
  Point a = polygon.back();
  for (const Point b : polygon) {
    if ((a.v > v) != (b.v > v) && u < a.u + (b.u - a.u) * (v - a.v) / (b.v - a.v)) {
      inside = !inside;
    }
    a = b;
  }
  return inside;
}

uint32_t hash(uint32_t value) {  // the finaliser of MurmurHash3
  value = (value ^ value >> 16) * 0x85EBCA6Bu;
  value = (value ^ value >> 13) * 0xC2B2AE35u;
  return value ^ value >> 16;
}

float hashed_unit(uint32_t value) {
  return static_cast<float>(hash(value) >> 8) * 0x1p-24f;
}

// A closed curve r(angle) with three random harmonics: lobes like no outline of a class.
bool inside_blob(float u, float v, uint32_t variant) {
  const float angle = std::atan2(v, u);
  float radius = 0.62f;
  for (uint32_t k = 2; k <= 4; ++k) {
    radius += 0.125f * std::cos(static_cast<float>(k) * angle + 6.28f * hashed_unit(variant + k));
  }
  return u * u + v * v <= radius * radius;
}

bool inside_heart(float u, float v) {
  const float x = 1.2f * u, y = 0.15f - 1.2f * v, r = x * x + y * y - 1;
  return r * r * r <= x * x * y * y * y;
}

}  // namespace

float Figure::reach_x() const {
  return std::abs(cosine) * half_width + std::abs(sine) * half_height;
}
float Figure::reach_y() const {
  return std::abs(sine) * half_width + std::abs(cosine) * half_height;
}

bool inside_outline(Outline outline, float u, float v, uint32_t variant) {
  static const std::array<Point, 10> kStar = make_star();
  const float r2 = u * u + v * v;
  switch (outline) {
    case Outline::kDisc:
      return r2 <= 1;
    case Outline::kRing:
      return r2 <= 1 && r2 >= 0.52f * 0.52f;
    case Outline::kSquare:
      return std::abs(u) <= 1 && std::abs(v) <= 1;
    case Outline::kTriangle:
      return inside_polygon(kTriangle, u, v);
    case Outline::kStar:
      return inside_polygon(kStar, u, v);
    case Outline::kCross:
      return (std::abs(u) <= 0.34f && std::abs(v) <= 1) ||
             (std::abs(v) <= 0.34f && std::abs(u) <= 1);
    case Outline::kCrescent:
      return r2 <= 1 && (u - 0.5f) * (u - 0.5f) + v * v >= 0.78f * 0.78f;
    case Outline::kHexagon:
      return inside_polygon(kHexagon, u, v);
    case Outline::kHeart:
      return inside_heart(u, v);
    case Outline::kArrow:
      return inside_polygon(kArrow, u, v);
    case Outline::kHalfDisc:
      return r2 <= 1 && v >= 0;
    case Outline::kEll:
      return std::abs(u) <= 1 && std::abs(v) <= 1 && (u <= -0.35f || v >= 0.35f);
    case Outline::kBlob:
      return inside_blob(u, v, variant);
    case Outline::kBar:
      return std::abs(u) <= 1 && std::abs(v) <= 1;
  }
  return false;
}

float outline_area(Outline outline) {
  constexpr int kGrid = 128;
  int count = 0;
  for (int i = 0; i < kGrid; ++i) {
    for (int j = 0; j < kGrid; ++j) {
      count += inside_outline(outline, (2 * i + 1.f) / kGrid - 1, (2 * j + 1.f) / kGrid - 1, 0);
    }
  }
  return 4.f * static_cast<float>(count) / (kGrid * kGrid);
}

bool covers(const Figure& figure, float px, float py) {
  const float x = px - figure.x, y = py - figure.y;
  const float u = (figure.cosine * x + figure.sine * y) / figure.half_width;
  const float v = (figure.cosine * y - figure.sine * x) / figure.half_height;
  return inside_outline(figure.outline, u, v, figure.variant);
}

float value_noise(float x, float y, uint32_t variant) {
  const float fx = std::floor(x), fy = std::floor(y);
  const auto ix = static_cast<uint32_t>(static_cast<int>(fx));
  const auto iy = static_cast<uint32_t>(static_cast<int>(fy));
  const auto corner = [&](uint32_t dx, uint32_t dy) {
    return hashed_unit((ix + dx) * 0x9E3779B9u ^ hash((iy + dy) + variant));
  };
  const float tx = x - fx, ty = y - fy;
  const float sx = tx * tx * (3 - 2 * tx), sy = ty * ty * (3 - 2 * ty);
  const float top = corner(0, 0) + sx * (corner(1, 0) - corner(0, 0));
  const float bottom = corner(0, 1) + sx * (corner(1, 1) - corner(0, 1));
  return top + sy * (bottom - top);
}

float texture_value(Texture texture, float s, float t, uint32_t variant) {
  const float fs = s - std::floor(s), ft = t - std::floor(t);
  switch (texture) {
    case Texture::kPlain:
      return value_noise(s, t, variant);
    case Texture::kStripes:
      return fs < 0.5f ? 1.f : 0.f;
    case Texture::kChecks:
      return (fs < 0.5f) != (ft < 0.5f) ? 1.f : 0.f;
    case Texture::kDots:
      return (fs - 0.5f) * (fs - 0.5f) + (ft - 0.5f) * (ft - 0.5f) < 0.31f * 0.31f ? 1.f : 0.f;
  }
  return 0;
}

Rgb colour_at(const Figure& figure, float px, float py) {
  const float x = (px - figure.x) / figure.period, y = (py - figure.y) / figure.period;
  const float s = figure.texture_cosine * x + figure.texture_sine * y + figure.texture_x;
  const float t = figure.texture_cosine * y - figure.texture_sine * x + figure.texture_y;
  const float mix = texture_value(figure.texture, s, t, figure.variant);
  Rgb colour;
  for (int c = 0; c < 3; ++c) {
    colour[c] = figure.colour[c] + mix * (figure.second_colour[c] - figure.colour[c]);
  }
  return colour;
}

}  // namespace denovo::data
