#include "data/image/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace denovo::data {

void flip_horizontal(Image& image) {
  for (int y = 0; y < image.height; ++y) {
    for (int left = 0, right = image.width - 1; left < right; ++left, --right) {
      std::swap_ranges(image.pixel(y, left), image.pixel(y, left) + 3, image.pixel(y, right));
    }
  }
}

Image crop(const Image& image, int y0, int x0, int height, int width) {
  if (y0 < 0 || x0 < 0 || height < 0 || width < 0 || y0 > image.height - height ||
      x0 > image.width - width) {
    throw ShapeError(fmt::format(
        "crop: the window must lie in the {}x{} image, got rows {}+{} and columns {}+{}",
        image.height, image.width, y0, height, x0, width));
  }
  Image result(height, width);
  for (int y = 0; y < height; ++y) {
    std::memcpy(result.row(y), image.pixel(y0 + y, x0), result.row_bytes());
  }
  return result;
}

Image apply_orientation(const Image& image, int orientation) {
  if (orientation < 1 || orientation > 8) {
    throw ShapeError(
        fmt::format("apply_orientation: orientation must be 1 to 8, got {}", orientation));
  }
  if (orientation == 1) return image;
  // Orientation names where row 0 and column 0 of the file belong in the scene.
  const bool transposed = orientation >= 5;
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  Image result(transposed ? image.width : image.height, transposed ? image.height : image.width);
  for (int y = 0; y < result.height; ++y) {
    const int v = from_bottom ? result.height - 1 - y : y;
    for (int x = 0; x < result.width; ++x) {
      const int u = from_right ? result.width - 1 - x : x;
      std::memcpy(result.pixel(y, x), transposed ? image.pixel(u, v) : image.pixel(v, u), 3);
    }
  }
  return result;
}

}  // namespace denovo::data
