#include "data/shapes/scene.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "data/shapes/difficulty.h"

namespace denovo::data {
namespace {

using namespace difficulty;

constexpr int kPlacements = 40;             // tries to find room for a figure
constexpr uint32_t kDrawsPerTry = 1 << 16;  // of a whole scene; one takes a few thousand

/// Successive draws of one stream.
class Draws {
 public:
  Draws(const RandomStream& stream, uint32_t first) : stream_(stream), index_(first) {}
  float uniform(float low, float high) { return stream_.uniform(index_++, low, high); }
  float uniform(Range range) { return uniform(range.low, range.high); }
  float log_uniform(Range range) {
    return std::exp(uniform(std::log(range.low), std::log(range.high)));
  }
  int below(int n) { return static_cast<int>(stream_.below(index_++, static_cast<uint32_t>(n))); }
  bool chance(float probability) { return uniform(0, 1) < probability; }
  uint32_t bits() { return stream_.bits(index_++); }

 private:
  RandomStream stream_;
  uint32_t index_;
};

float contrast(const Rgb& a, const Rgb& b) {
  float sum = 0;
  for (int c = 0; c < 3; ++c) sum += (a[c] - b[c]) * (a[c] - b[c]);
  return std::sqrt(sum / 3);
}

Rgb mean_colour(const Rgb& a, const Rgb& b) {
  return {(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2};
}

Rgb random_colour(Draws& draws, Range values) {
  Rgb colour;
  for (float& value : colour) value = draws.uniform(values);
  return colour;
}

/// A colour whose contrast to `first` lies in the range.
Rgb other_colour(Draws& draws, const Rgb& first, Range range) {
  for (int i = 0; i < 200; ++i) {
    const Rgb colour = random_colour(draws, kAnyValues);
    const float wanted = draws.uniform(range), found = contrast(first, colour);
    Rgb mixed;
    for (int c = 0; c < 3; ++c) mixed[c] = first[c] + (colour[c] - first[c]) * wanted / found;
    if (*std::min_element(mixed.begin(), mixed.end()) >= 0.02f &&
        *std::max_element(mixed.begin(), mixed.end()) <= 0.98f) {
      return mixed;
    }
  }
  return first;
}

class Composer {
 public:
  Composer(const RandomStream& stream, int size, uint32_t attempt)
      : draws_(stream, attempt * kDrawsPerTry), scale_(static_cast<float>(size) / kNativeSize) {
    scene_.stream = stream;
  }

  /// False when there was room for fewer than two instances.
  bool compose(const SceneOptions& options) {
    const int size = options.size;
    const int long_side = (size * 4 / 3 + 3) / 4 * 4;
    const int form = draws_.below(3);
    start(form == 1 ? long_side : size, form == 2 ? long_side : size);
    clutter(draws_.below(kMaxLines + 1), draws_.below(kMaxDistractors + 1));
    const auto classes = detection_shapes().first(static_cast<size_t>(options.num_classes));
    if (draws_.chance(kCrowdProbability)) crowd(classes);
    int placed = 0;
    for (const float side : instance_sides(options.small_objects)) {
      const int class_index = draws_.below(static_cast<int>(classes.size()));
      if (place_instance(classes[class_index], class_index, side, kMinInside)) ++placed;
    }
    wires();
    return placed >= 2;
  }

  void compose_single(int size, int class_index) {
    start(size, size);
    clutter(draws_.below(3), draws_.below(2));
    // Room is a matter of the object's aspect, which every try draws anew.
    const auto classes = classification_shapes();
    while (!place_instance(classes[class_index], class_index,
                           draws_.uniform(0.3f, 0.62f) * static_cast<float>(size), 0.85f)) {
    }
    wires();
  }

  Scene take() { return std::move(scene_); }

 private:
  void start(int height, int width) {
    scene_.height = height;
    scene_.width = width;
    owner_.assign(static_cast<size_t>(height) * width, -1);
    Background& background = scene_.background;
    background.texture =
        draws_.chance(0.5f) ? Texture::kPlain : static_cast<Texture>(1 + draws_.below(3));
    background.colour = random_colour(draws_, kBackgroundValues);
    background.second_colour = other_colour(draws_, background.colour, kBackgroundContrast);
    background.period = draws_.log_uniform({9 * scale_, 60 * scale_});
    const float angle = random_angle();
    background.cosine = std::cos(angle);
    background.sine = std::sin(angle);
    background.variant = draws_.bits();
    scene_.noise = draws_.uniform(kNoise);
    scene_.shade_x = draws_.uniform(-kShading, kShading);
    scene_.shade_y = draws_.uniform(-kShading, kShading);
    backdrop_ = mean_colour(background.colour, background.second_colour);
  }

  float tilt() { return draws_.uniform(-kMaxRotation, kMaxRotation); }
  float random_angle() { return draws_.uniform(0, 2 * std::numbers::pi_v<float>); }

  void set_angle(Figure& figure, float angle) {
    figure.cosine = std::cos(angle);
    figure.sine = std::sin(angle);
  }

  void set_place(Figure& figure) {
    figure.x = draws_.uniform(0, static_cast<float>(scene_.width));
    figure.y = draws_.uniform(0, static_cast<float>(scene_.height));
    set_angle(figure, tilt());
  }

  /// Colours and texture of a figure of the given side (square root of its area).
  void paint(Figure& figure, Texture texture, float side) {
    figure.texture = texture;
    do {
      figure.colour = random_colour(draws_, kFigureValues);
      const bool plain = texture == Texture::kPlain;
      figure.second_colour =
          other_colour(draws_, figure.colour, plain ? Range{0.01f, 0.10f} : kTextureContrast);
      figure.period =
          plain ? draws_.uniform(0.3f, 0.8f) * side
                : std::max(draws_.uniform(kTexturePeriod) * side, kMinTexturePeriod * scale_);
      // A square of a check is half a period: as wide as a stripe only if the period is longer.
      if (texture == Texture::kChecks) figure.period *= 1.25f;
    } while (contrast(mean_colour(figure.colour, figure.second_colour), backdrop_) <
             kMinObjectContrast);
    const float angle = random_angle();
    figure.texture_cosine = std::cos(angle);
    figure.texture_sine = std::sin(angle);
    figure.texture_x = draws_.uniform(0, 1);
    figure.texture_y = draws_.uniform(0, 1);
    figure.variant = draws_.bits();
  }

  /// Half sides for an area of side^2, of an aspect that the picture can hold.
  void set_extent(Figure& figure, float side) {
    const float area = outline_area(figure.outline);
    const float widest = side < 32 * scale_ ? 2.f : kMaxAspect;
    float aspect = draws_.chance(0.3f) ? draws_.uniform(1, 1.15f) : draws_.log_uniform({1, widest});
    const float longest = 0.6f * static_cast<float>(std::max(scene_.height, scene_.width));
    aspect = std::max(1.f, std::min(aspect, longest * longest * area / (side * side)));
    figure.half_width = side * std::sqrt(aspect / area);
    figure.half_height = side / std::sqrt(aspect * area);
  }

  Figure bar(Range half_length, Range half_thickness) {
    Figure figure;
    figure.outline = Outline::kBar;
    figure.half_width = draws_.uniform(half_length) * scale_;
    figure.half_height = draws_.uniform(half_thickness) * scale_;
    paint(figure, Texture::kPlain, 40 * scale_);
    set_place(figure);
    return figure;
  }

  void clutter(int lines, int distractors) {
    for (int i = 0; i < lines; ++i) {
      scene_.figures.push_back({bar({20, 130}, {0.6f, 1.8f}), -1});
    }
    constexpr Outline kOutlines[] = {Outline::kBlob, Outline::kBlob, Outline::kEll,
                                     Outline::kHalfDisc};
    for (int i = 0; i < distractors; ++i) {
      Figure figure;
      figure.outline = kOutlines[draws_.below(4)];
      const float side = draws_.log_uniform(kDistractorSide) * scale_;
      set_extent(figure, side);
      paint(figure, static_cast<Texture>(draws_.below(4)), side);
      set_place(figure);
      scene_.figures.push_back({figure, -1});
    }
  }

  /// Two to eight, the larger ones mostly behind the smaller.
  std::vector<float> instance_sides(bool small_objects) {
    constexpr float kUpTo[] = {0.16f, 0.36f, 0.56f, 0.72f, 0.84f, 0.93f, 1.f};  // of 2, 3, ... 8
    const float draw = draws_.uniform(0, 1);
    int count = 2;
    while (draw >= kUpTo[count - 2]) ++count;
    std::vector<std::pair<float, float>> order;
    for (int i = 0; i < count; ++i) {
      const float kind = draws_.uniform(0, 1);
      const Range range = small_objects && kind < kSmallProbability       ? kSmallSide
                          : kind < kSmallProbability + kMediumProbability ? kMediumSide
                                                                          : kLargeSide;
      const float side = draws_.log_uniform(range) * scale_;
      order.emplace_back(-side * draws_.uniform(0.4f, 1.6f), side);
    }
    std::sort(order.begin(), order.end());
    std::vector<float> sides;
    for (const auto& [key, side] : order) sides.push_back(side);
    return sides;
  }

  bool place_instance(const ShapeClass& shape, int class_index, float side, float min_inside) {
    Figure figure;
    figure.outline = shape.outline;
    set_extent(figure, side);
    paint(figure, shape.texture, side);
    for (int i = 0; i < kPlacements; ++i) {
      set_place(figure);
      const std::vector<size_t> pixels = covered_pixels(figure);
      if (static_cast<float>(pixels.size()) < min_inside * side * side || !leaves_visible(pixels)) {
        continue;
      }
      full_area_.push_back(side * side);
      visible_.push_back(0);
      take_pixels(pixels, static_cast<int>(scene_.instances.size()));
      scene_.figures.push_back({figure, static_cast<int>(scene_.instances.size())});
      scene_.instances.push_back({class_index, false});
      return true;
    }
    return false;
  }

  /// A cluster of small objects of one class and one look, each overlapping its neighbours.
  void crowd(std::span<const ShapeClass> classes) {
    const int class_index = draws_.below(static_cast<int>(classes.size()));
    const int count = kMinCrowd + draws_.below(kMaxCrowd - kMinCrowd + 1);
    const float side = draws_.uniform(kCrowdSide) * scale_;
    const float spread = 0.55f * side * std::sqrt(static_cast<float>(count));
    const float margin = spread + side;
    const float x = draws_.uniform(margin, static_cast<float>(scene_.width) - margin);
    const float y = draws_.uniform(margin, static_cast<float>(scene_.height) - margin);
    Figure figure;
    figure.outline = classes[class_index].outline;
    paint(figure, classes[class_index].texture, side);
    const int instance = static_cast<int>(scene_.instances.size());
    visible_.push_back(0);
    for (int i = 0; i < count; ++i) {
      set_extent(figure, side * draws_.uniform(0.9f, 1.1f));
      set_angle(figure, tilt());
      // Evenly over a disc: the golden angle, with a little disorder.
      const float radius =
          spread * std::sqrt((static_cast<float>(i) + 0.5f) / static_cast<float>(count));
      const float angle = 2.39996f * static_cast<float>(i) + draws_.uniform(-0.3f, 0.3f);
      figure.x = x + radius * std::cos(angle);
      figure.y = y + radius * std::sin(angle);
      take_pixels(covered_pixels(figure), instance);
      scene_.figures.push_back({figure, instance});
    }
    full_area_.push_back(visible_[instance]);
    scene_.instances.push_back({class_index, true});
  }

  /// Thin bars in front of everything: they cut masks into parts.
  void wires() {
    if (!draws_.chance(kWireProbability)) return;
    const int count = 1 + draws_.below(kMaxWires);
    for (int i = 0; i < count; ++i) {
      const Figure figure = bar({60, 150}, {0.9f, 2.2f});
      const std::vector<size_t> pixels = covered_pixels(figure);
      if (!leaves_visible(pixels)) continue;
      take_pixels(pixels, -1);
      scene_.figures.push_back({figure, -1});
    }
  }

  std::vector<size_t> covered_pixels(const Figure& figure) const {
    const int x0 = std::max(0, static_cast<int>(figure.x - figure.reach_x()));
    const int y0 = std::max(0, static_cast<int>(figure.y - figure.reach_y()));
    const int x1 = std::min(scene_.width, static_cast<int>(figure.x + figure.reach_x()) + 1);
    const int y1 = std::min(scene_.height, static_cast<int>(figure.y + figure.reach_y()) + 1);
    std::vector<size_t> pixels;
    for (int y = y0; y < y1; ++y) {
      for (int x = x0; x < x1; ++x) {
        if (covers(figure, static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f)) {
          pixels.push_back(static_cast<size_t>(y) * scene_.width + x);
        }
      }
    }
    return pixels;
  }

  /// Whether every instance keeps enough of itself when something covers these pixels.
  bool leaves_visible(const std::vector<size_t>& pixels) const {
    std::vector<float> lost(full_area_.size(), 0);
    for (const size_t pixel : pixels) {
      if (owner_[pixel] >= 0) ++lost[owner_[pixel]];
    }
    for (size_t i = 0; i < lost.size(); ++i) {
      if (lost[i] == 0) continue;
      const float left = visible_[i] - lost[i];
      if (left < kMinVisible * full_area_[i] || left < kMinVisiblePixels * scale_ * scale_) {
        return false;
      }
    }
    return true;
  }

  void take_pixels(const std::vector<size_t>& pixels, int instance) {
    for (const size_t pixel : pixels) {
      if (owner_[pixel] >= 0) --visible_[owner_[pixel]];
      if (instance >= 0) ++visible_[instance];
      owner_[pixel] = static_cast<int16_t>(instance);
    }
  }

  Draws draws_;
  float scale_;
  Scene scene_;
  Rgb backdrop_{};
  std::vector<int16_t> owner_;    // the instance whose centre sample is in front; -1 none
  std::vector<float> full_area_;  // of each instance, hidden parts included
  std::vector<float> visible_;    // of each instance: its pixels in owner_
};

}  // namespace

Scene compose_scene(const RandomStream& stream, const SceneOptions& options) {
  for (uint32_t attempt = 0;; ++attempt) {
    Composer composer(stream, options.size, attempt);
    if (composer.compose(options)) return composer.take();
  }
}

Scene compose_single(const RandomStream& stream, int size, int class_index) {
  Composer composer(stream, size, 0);
  composer.compose_single(size, class_index);
  return composer.take();
}

}  // namespace denovo::data
