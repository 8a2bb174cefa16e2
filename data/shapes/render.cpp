#include "data/shapes/render.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace denovo::data {
namespace {

constexpr int kSamples = 3;  // along each side of a pixel
constexpr int kSamplesPerPixel = kSamples * kSamples;

float sample_position(int sample) {
  return (static_cast<float>(sample) + 0.5f) / kSamples;
}

/// Index + 1 of the front figure at every sample; 0 is the background.
std::vector<uint8_t> front_figures(const Scene& scene) {
  const int height = scene.height * kSamples, width = scene.width * kSamples;
  std::vector<uint8_t> front(static_cast<size_t>(height) * width, 0);
  for (size_t f = 0; f < scene.figures.size(); ++f) {
    const Figure& figure = scene.figures[f].figure;
    const auto limit = [](float position, int size) {
      return std::clamp(static_cast<int>(std::floor(position * kSamples)), 0, size);
    };
    const int x0 = limit(figure.x - figure.reach_x() - 1, width);
    const int x1 = limit(figure.x + figure.reach_x() + 1, width);
    const int y0 = limit(figure.y - figure.reach_y() - 1, height);
    const int y1 = limit(figure.y + figure.reach_y() + 1, height);
    for (int y = y0; y < y1; ++y) {
      uint8_t* row = &front[static_cast<size_t>(y) * width];
      for (int x = x0; x < x1; ++x) {
        if (covers(figure, sample_position(x), sample_position(y))) {
          row[x] = static_cast<uint8_t>(f + 1);
        }
      }
    }
  }
  return front;
}

Rgb background_colour(const Background& background, float x, float y) {
  const float s = (background.cosine * x + background.sine * y) / background.period;
  const float t = (background.cosine * y - background.sine * x) / background.period;
  float mix = texture_value(background.texture, s, t, background.variant);
  mix = 0.75f * mix + 0.5f * (value_noise(3.1f * s, 3.1f * t, background.variant + 1) - 0.25f);
  Rgb colour;
  for (int c = 0; c < 3; ++c) {
    colour[c] = background.colour[c] + mix * (background.second_colour[c] - background.colour[c]);
  }
  return colour;
}

/// Three values of mean 0 and deviation 1: sums of four bytes each, close enough to normal.
Rgb pixel_noise(const RandomStream& stream, uint32_t pixel) {
  constexpr uint32_t kFirst = 1u << 24;  // beyond every draw of the composition
  Rgb noise;
  const PhiloxBlock block = philox(
      {{kFirst + pixel, stream.iteration, stream.item, static_cast<uint32_t>(stream.purpose)}},
      static_cast<uint32_t>(stream.seed), static_cast<uint32_t>(stream.seed >> 32));
  for (int c = 0; c < 3; ++c) {
    const uint32_t v = block.v[c];
    const uint32_t sum = (v & 255) + (v >> 8 & 255) + (v >> 16 & 255) + (v >> 24);
    noise[c] = (static_cast<float>(sum) - 510.f) / 147.8f;
  }
  return noise;
}

class PixelPainter {
 public:
  explicit PixelPainter(const Scene& scene) : scene_(scene), front_(front_figures(scene)) {}

  Rgb colour(int y, int x) const {
    if (is_smooth(y, x)) {
      return sample(front(y * kSamples, x * kSamples), static_cast<float>(x) + 0.5f,
                    static_cast<float>(y) + 0.5f);
    }
    Rgb sum{};
    for (int i = 0; i < kSamplesPerPixel; ++i) {
      const int sy = y * kSamples + i / kSamples, sx = x * kSamples + i % kSamples;
      const Rgb colour = sample(front(sy, sx), sample_position(sx), sample_position(sy));
      for (int c = 0; c < 3; ++c) sum[c] += colour[c];
    }
    for (float& value : sum) value /= kSamplesPerPixel;
    return sum;
  }

  int owner(int y, int x) const {
    std::array<int, kSamplesPerPixel> instances;
    for (int i = 0; i < kSamplesPerPixel; ++i) {
      const int figure = front(y * kSamples + i / kSamples, x * kSamples + i % kSamples);
      instances[i] = figure > 0 ? scene_.figures[figure - 1].instance : -1;
    }
    // Whoever has a majority also is the median.
    std::nth_element(instances.begin(), instances.begin() + kSamplesPerPixel / 2, instances.end());
    const int median = instances[kSamplesPerPixel / 2];
    const auto count = std::count(instances.begin(), instances.end(), median);
    return count > kSamplesPerPixel / 2 ? median : -1;
  }

 private:
  Rgb sample(int figure, float px, float py) const {
    return figure > 0 ? colour_at(scene_.figures[figure - 1].figure, px, py)
                      : background_colour(scene_.background, px, py);
  }

  /// One figure without hard edges fills the pixel: one sample says all.
  bool is_smooth(int y, int x) const {
    const int first = front(y * kSamples, x * kSamples);
    const Texture texture =
        first > 0 ? scene_.figures[first - 1].figure.texture : scene_.background.texture;
    if (texture != Texture::kPlain) return false;
    for (int i = 1; i < kSamplesPerPixel; ++i) {
      if (front(y * kSamples + i / kSamples, x * kSamples + i % kSamples) != first) return false;
    }
    return true;
  }

  int front(int sy, int sx) const {
    return front_[static_cast<size_t>(sy) * scene_.width * kSamples + sx];
  }

  const Scene& scene_;
  std::vector<uint8_t> front_;
};

}  // namespace

Rendering render(const Scene& scene) {
  const PixelPainter painter(scene);
  Rendering result;
  result.image = Image(scene.height, scene.width);
  result.owner.resize(static_cast<size_t>(scene.height) * scene.width);
  for (int y = 0; y < scene.height; ++y) {
    const float shade_y = scene.shade_y * (static_cast<float>(y) / scene.height - 0.5f);
    for (int x = 0; x < scene.width; ++x) {
      const size_t pixel = static_cast<size_t>(y) * scene.width + x;
      const float shade =
          1 + shade_y + scene.shade_x * (static_cast<float>(x) / scene.width - 0.5f);
      const Rgb colour = painter.colour(y, x);
      const Rgb noise = pixel_noise(scene.stream, static_cast<uint32_t>(pixel));
      for (int c = 0; c < 3; ++c) {
        const float value = 255 * (shade * colour[c] + scene.noise * noise[c]);
        result.image.rgb[3 * pixel + c] =
            static_cast<uint8_t>(std::clamp(value + 0.5f, 0.f, 255.f));
      }
      result.owner[pixel] = static_cast<int16_t>(painter.owner(y, x));
    }
  }
  return result;
}

}  // namespace denovo::data
