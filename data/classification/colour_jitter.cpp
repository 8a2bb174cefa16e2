#include "data/classification/colour_jitter.h"

#include <algorithm>
#include <utility>

namespace denovo::data {
namespace {

/// In float, as Pillow's ImagingBlend computes it.
uint8_t blend(int from, int to, float factor) {
  const float value = static_cast<float>(from) + factor * static_cast<float>(to - from);
  return static_cast<uint8_t>(std::clamp(value, 0.f, 255.f));
}

/// Pillow's conversion to "L".
int luma(const uint8_t* rgb) {
  return (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16;
}

using Change = void (*)(Image&, float);

}  // namespace

void change_brightness(Image& image, float factor) {
  for (uint8_t& value : image.rgb) value = blend(0, value, factor);
}

void change_contrast(Image& image, float factor) {
  int64_t sum = 0;
  for (size_t i = 0; i < image.rgb.size(); i += 3) sum += luma(&image.rgb[i]);
  const auto pixels = static_cast<double>(image.rgb.size() / 3);
  const int mean = static_cast<int>(static_cast<double>(sum) / pixels + 0.5);
  for (uint8_t& value : image.rgb) value = blend(mean, value, factor);
}

void change_saturation(Image& image, float factor) {
  for (size_t i = 0; i < image.rgb.size(); i += 3) {
    const int grey = luma(&image.rgb[i]);
    for (size_t c = i; c < i + 3; ++c) image.rgb[c] = blend(grey, image.rgb[c], factor);
  }
}

void jitter_colours(Image& image, const RandomStream& stream, const ColourJitter& amounts) {
  constexpr uint32_t kFirstDraw = 42;  // those before are the flip's and the crop's
  struct Step {
    Change change;
    float amount, factor;
  };
  const auto step = [&](Change change, float amount, uint32_t draw) {
    return Step{change, amount,
                stream.uniform(kFirstDraw + draw, std::max(0.f, 1 - amount), 1 + amount)};
  };
  Step steps[] = {step(change_brightness, amounts.brightness, 0),
                  step(change_contrast, amounts.contrast, 1),
                  step(change_saturation, amounts.saturation, 2)};
  const uint32_t order = stream.below(kFirstDraw + 3, 6);
  std::swap(steps[0], steps[order % 3]);
  if (order >= 3) std::swap(steps[1], steps[2]);
  for (const Step& next : steps)
    if (next.amount > 0) next.change(image, next.factor);
}

}  // namespace denovo::data
