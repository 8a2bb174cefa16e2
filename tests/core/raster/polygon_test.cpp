#include "core/raster/polygon.h"

#include <doctest/doctest.h>

#include <limits>

#include "core/error.h"
#include "core/kernels/random.h"
#include "core/raster/polygon_edge.h"

using namespace denovo;

TEST_CASE("polygon: a square on pixel edges covers its pixels exactly") {
  const std::vector<double> square = {10, 10, 20, 10, 20, 20, 10, 20};
  CHECK(rle_area(rle_from_polygon(square, 100, 100)) == 100);
  CHECK(rle_bounding_box(rle_from_polygon(square, 100, 100)) == RleBox{10, 10, 10, 10});
}

TEST_CASE("polygon: a huge one is cut at the image and costs no memory") {
  const std::vector<double> far = {-4e7, -4e7, 4e7, -4e7, 4e7, 4e7, -4e7, 4e7};
  CHECK(rle_from_polygon(far, 100, 100) == Rle{100, 100, {0, 10000}});
}

TEST_CASE("polygon: too few vertices give an empty mask, an odd number is dropped") {
  CHECK(rle_from_polygon({}, 4, 5) == Rle{4, 5, {20}});
  CHECK(rle_from_polygon(std::vector<double>{1, 1, 3, 3}, 4, 5) == Rle{4, 5, {20}});
  CHECK(rle_from_polygon(std::vector<double>{0, 0, 4, 0, 4, 4, 0, 4, 9}, 4, 5) ==
        Rle{4, 5, {0, 16, 4}});
  CHECK(rle_from_polygons({}, {}, 4, 5) == Rle{4, 5, {20}});
}

TEST_CASE("polygon: coordinates and sizes outside the bounds are refused") {
  const double inf = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH_AS(rle_from_polygon(std::vector<double>{0, 0, 4, inf, 4, 4}, 4, 5),
                       "polygon: number 3 must be finite and at most 50000000 in size, got inf",
                       IoError);
  CHECK_THROWS_WITH_AS(rle_from_polygon({}, 0, 5), "polygon: the image must have pixels, got 0 x 5",
                       IoError);
}

TEST_CASE("polygon_column: equals the full rasteriser on every small grid") {
  const RandomStream random{2, RandomPurpose::kTest};
  uint32_t draw = 0;
  int wrong = 0;
  for (int round = 0; round < 20000; ++round) {
    const int height = 1 + random.below(draw++, 64), width = 1 + random.below(draw++, 64);
    const int count = random.below(draw++, 12);
    const double x0 = random.below(draw++, 50) / 4.0, y0 = random.below(draw++, 50) / 4.0;
    const double sx = (1 + random.below(draw++, 300)) / 50.0,
                 sy = (1 + random.below(draw++, 300)) / 50.0;
    std::vector<float> xy(2 * count);
    std::vector<double> scaled(2 * count);
    for (int i = 0; i < 2 * count; ++i) {
      xy[i] = static_cast<float>(random.below(draw++, 3000)) / 100.f;
      scaled[i] = (xy[i] - (i % 2 ? y0 : x0)) * (i % 2 ? sy : sx);
    }
    std::vector<uint8_t> mask(height * width);
    rle_decode(rle_from_polygon(scaled, height, width), mask.data(), MaskOrder::kColumnMajor);
    const ScaledPolygon<float> polygon{xy.data(), count, x0, y0, sx, sy};
    for (int x = 0; x < width; ++x) {
      const uint64_t column = polygon_column(polygon, x, height);
      for (int y = 0; y < 64; ++y)
        wrong += (column >> y & 1) != (y < height ? mask[x * height + y] : 0u);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("polygon_column: values that are not finite neither fault nor loop") {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               inf = std::numeric_limits<double>::infinity();
  const double xy[] = {nan, inf, 1e300, -inf, 3, nan, -1e300, 1e300};
  const ScaledPolygon<double> polygon{xy, 4, 0, 0, 1e300, 1};
  for (int x = 0; x < 28; ++x) CHECK((polygon_column(polygon, x, 28) >> 28) == 0);
}
