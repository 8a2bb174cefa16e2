#include "data/classification/crop.h"

#include <algorithm>
#include <cmath>

namespace denovo::data {

CropWindow random_crop(const RandomStream& stream, ImageSize image, float min_scale) {
  constexpr double kMinAspect = 3.0 / 4, kMaxAspect = 4.0 / 3;
  const double area = static_cast<double>(image.height) * image.width;
  uint32_t draw = 2;  // 0 is the flip's
  for (int attempt = 0; attempt < 10; ++attempt, draw += 4) {
    const double target = area * stream.uniform(draw, min_scale, 1.f);
    const double log_aspect = std::log(kMinAspect) + (std::log(kMaxAspect) - std::log(kMinAspect)) *
                                                         stream.uniform(draw + 1);
    const double aspect = std::exp(log_aspect);
    const int width = static_cast<int>(std::lround(std::sqrt(target * aspect)));
    const int height = static_cast<int>(std::lround(std::sqrt(target / aspect)));
    if (width < 1 || height < 1 || width > image.width || height > image.height) continue;
    const int top =
        static_cast<int>(stream.below(draw + 2, static_cast<uint32_t>(image.height - height + 1)));
    const int left =
        static_cast<int>(stream.below(draw + 3, static_cast<uint32_t>(image.width - width + 1)));
    return {top, left, height, width};
  }
  const double aspect = static_cast<double>(image.width) / image.height;
  int width = image.width, height = image.height;
  if (aspect < kMinAspect) height = static_cast<int>(std::lround(width / kMinAspect));
  if (aspect > kMaxAspect) width = static_cast<int>(std::lround(height * kMaxAspect));
  return {(image.height - height) / 2, (image.width - width) / 2, height, width};
}

Image crop_and_resize(const Image& image, const CropWindow& window, int size) {
  return resize_bilinear(crop(image, window.top, window.left, window.height, window.width), size,
                         size);
}

Image centre_crop(const Image& image, int size) {
  const int short_side = size * 256 / 224;
  const auto long_side = [&](int64_t length, int64_t shorter) {
    return static_cast<int>(short_side * length / shorter);
  };
  const bool wide = image.width > image.height;
  const int height = wide ? short_side : long_side(image.height, image.width);
  const int width = wide ? long_side(image.width, image.height) : short_side;
  const Image resized = resize_bilinear(image, height, width);
  // Python's round: halves go to the even neighbour.
  const auto offset = [&](int length) {
    return static_cast<int>(std::nearbyint((length - size) / 2.0));
  };
  return crop(resized, offset(height), offset(width), size, size);
}

}  // namespace denovo::data
