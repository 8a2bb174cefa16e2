#include "data/image/image.h"

#include <doctest/doctest.h>

#include "core/error.h"

using namespace denovo;
using namespace denovo::data;

namespace {

/// Pixel (y, x) has red 10 y + x, so that every move of a pixel shows.
Image numbered(int height, int width) {
  Image image(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) image.pixel(y, x)[0] = static_cast<uint8_t>(10 * y + x);
  }
  return image;
}

std::vector<int> reds(const Image& image) {
  std::vector<int> values;
  for (size_t i = 0; i < image.rgb.size(); i += 3) values.push_back(image.rgb[i]);
  return values;
}

}  // namespace

TEST_CASE("flip_horizontal: mirrors columns, and twice is the identity") {
  Image image = numbered(2, 3);
  flip_horizontal(image);
  CHECK(reds(image) == std::vector<int>{2, 1, 0, 12, 11, 10});
  flip_horizontal(image);
  CHECK(image == numbered(2, 3));
}

TEST_CASE("crop: takes the window, and refuses one that leaves the image") {
  CHECK(reds(crop(numbered(3, 4), 1, 2, 2, 2)) == std::vector<int>{12, 13, 22, 23});
  CHECK_THROWS_WITH_AS(crop(numbered(3, 4), 1, 3, 2, 2),
                       "crop: the window must lie in the 3x4 image, got rows 1+2 and columns 3+2",
                       ShapeError);
}

TEST_CASE("apply_orientation: row 0 and column 0 go where EXIF says") {
  // The file's rows are (0 1 2) and (10 11 12).
  const Image image = numbered(2, 3);
  const std::vector<std::vector<int>> expected = {
      {0, 1, 2, 10, 11, 12},  // 1: top, left
      {2, 1, 0, 12, 11, 10},  // 2: top, right
      {12, 11, 10, 2, 1, 0},  // 3: bottom, right
      {10, 11, 12, 0, 1, 2},  // 4: bottom, left
      {0, 10, 1, 11, 2, 12},  // 5: left, top
      {10, 0, 11, 1, 12, 2},  // 6: right, top
      {12, 2, 11, 1, 10, 0},  // 7: right, bottom
      {2, 12, 1, 11, 0, 10},  // 8: left, bottom
  };
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    const Image result = apply_orientation(image, orientation);
    CHECK(reds(result) == expected[orientation - 1]);
    CHECK(result.height == (orientation >= 5 ? 3 : 2));
  }
  CHECK_THROWS_WITH_AS(apply_orientation(image, 0),
                       "apply_orientation: orientation must be 1 to 8, got 0", ShapeError);
}
