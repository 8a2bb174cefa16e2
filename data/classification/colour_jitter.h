// Random brightness, contrast and saturation, as torchvision's ColorJitter changes 8-bit pictures.
#pragma once

#include "core/kernels/random.h"
#include "data/image/image.h"

namespace denovo::data {

/// Each factor is uniform in [max(0, 1 - amount), 1 + amount]; an amount of 0 leaves it out.
struct ColourJitter {
  float brightness = 0, contrast = 0, saturation = 0;
};

/// Applies the factors in one of their six orders, all equally likely. Draws 42 .. 45 of the
/// stream, whatever the amounts, so that no amount changes another's factor.
void jitter_colours(Image& image, const RandomStream& stream, const ColourJitter& amounts);

/// Each blends another picture with this one, p + factor * (x - p), rounded down and clipped to
/// 0 .. 255 after each: byte-equal to Pillow's ImageEnhance. p is black; the mean grey level; the
/// grey picture (ITU-R 601 luma, 16-bit fixed point).
void change_brightness(Image& image, float factor);
void change_contrast(Image& image, float factor);
void change_saturation(Image& image, float factor);

}  // namespace denovo::data
