#include "data/shapes/trace.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/kernels/random.h"
#include "core/raster/polygon.h"

using namespace denovo;
using namespace denovo::data;

namespace {

using Mask = std::vector<uint8_t>;

/// IoU of a row-major mask with what COCO draws from its traced polygons.
double traced_iou(const Mask& mask, int height, int width) {
  std::vector<double> xy;
  std::vector<uint32_t> sizes;
  for (const auto& polygon : trace_polygons({mask.data(), height, width})) {
    CHECK(polygon.size() >= 6);
    xy.insert(xy.end(), polygon.begin(), polygon.end());
    sizes.push_back(static_cast<uint32_t>(polygon.size()));
  }
  Mask drawn(mask.size());
  rle_decode(rle_from_polygons(xy, sizes, height, width), drawn.data(), MaskOrder::kRowMajor);
  double both = 0, either = 0;
  for (size_t i = 0; i < mask.size(); ++i) {
    both += mask[i] && drawn[i];
    either += mask[i] || drawn[i];
  }
  return both / either;
}

template <class Inside>
Mask draw(int height, int width, const Inside& inside) {
  Mask mask(static_cast<size_t>(height) * width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) mask[static_cast<size_t>(y) * width + x] = inside(y, x);
  }
  return mask;
}

}  // namespace

TEST_CASE("trace_polygons: a rectangle becomes four corners and its exact pixels") {
  const Mask mask = draw(20, 30, [](int y, int x) { return y >= 3 && y < 11 && x >= 5 && x < 25; });
  CHECK(trace_polygons({mask.data(), 20, 30}).size() == 1);
  CHECK(traced_iou(mask, 20, 30) >= kTraceIou);
}

TEST_CASE("trace_polygons: a ring is one polygon whose hole stays empty") {
  const Mask ring = draw(60, 60, [](int y, int x) {
    const double r = std::hypot(y - 29.5, x - 29.5);
    return r < 25 && r > 13;
  });
  CHECK(trace_polygons({ring.data(), 60, 60}).size() == 1);
  CHECK(traced_iou(ring, 60, 60) >= kTraceIou);
}

TEST_CASE("trace_polygons: parts, corners that touch, and holes beside holes come back") {
  const Mask parts = draw(40, 60, [](int y, int x) { return x % 20 > 3 && y > 4 && y < 30; });
  CHECK(trace_polygons({parts.data(), 40, 60}).size() == 3);
  CHECK(traced_iou(parts, 40, 60) >= kTraceIou);
  const Mask corners = draw(24, 24, [](int y, int x) { return (y < 12) == (x < 12); });
  CHECK(trace_polygons({corners.data(), 24, 24}).size() == 2);
  CHECK(traced_iou(corners, 24, 24) >= kTraceIou);
  const Mask sieve = draw(50, 50, [](int y, int x) {
    return y > 2 && y < 47 && x > 2 && x < 47 && !(y % 12 > 6 && x % 11 > 5);
  });
  CHECK(trace_polygons({sieve.data(), 50, 50}).size() == 1);
  CHECK(traced_iou(sieve, 50, 50) >= kTraceIou);
}

TEST_CASE("trace_polygons: random specks, down to single pixels, come back") {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    const RandomStream stream{7, RandomPurpose::kTest, 0, seed};
    const int height = 3 + static_cast<int>(stream.below(0, 14));
    const int width = 3 + static_cast<int>(stream.below(1, 14));
    const float density = stream.uniform(2, 0.1f, 0.95f);
    uint32_t index = 3;
    Mask mask = draw(height, width, [&](int, int) { return stream.uniform(index++) < density; });
    mask[0] = 1;
    CAPTURE(seed);
    CHECK(traced_iou(mask, height, width) >= kTraceIou);
  }
}

TEST_CASE("trace_polygons: a smooth outline needs few vertices") {
  const Mask disc = draw(80, 80, [](int y, int x) { return std::hypot(y - 39.5, x - 39.5) < 30; });
  const auto polygons = trace_polygons({disc.data(), 80, 80});
  REQUIRE(polygons.size() == 1);
  CHECK(polygons[0].size() / 2 <= 48);
  CHECK(traced_iou(disc, 80, 80) >= 0.97);
}

TEST_CASE("trace_polygons: an empty mask has no polygon") {
  const Mask mask(12, 0);
  CHECK(trace_polygons({mask.data(), 3, 4}).empty());
}
