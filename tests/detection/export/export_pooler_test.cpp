#include "detection/export/export_pooler.h"

#include <doctest/doctest.h>

#include <cmath>

#include "ops/roi_align/roi_align_math.h"

using namespace denovo;
using namespace denovo::detection;

TEST_CASE("export: levels begin at the very areas at which RoIAlign changes the level") {
  for (const double canonical_size : {56., 84., 224.}) {
    const ops::RoiAlignOptions options{.canonical_size = canonical_size};
    const std::vector<float> areas = level_areas(4, 2, options);
    REQUIRE(areas.size() == 3);
    ops::RoiLevels<float> levels{};
    levels.count = 4;
    levels.first = 2;
    for (int level = 1; level <= 3; ++level) {
      const float area = areas[static_cast<size_t>(level - 1)];
      const float at[4] = {0, 0, area, 1}, below[4] = {0, 0, std::nextafter(area, 0.f), 1};
      CHECK(ops::roi_level(at, levels, options) == level);
      CHECK(ops::roi_level(below, levels, options) == level - 1);
      // Level l of stride 2^(l + 2) is that of boxes from canonical_size 2^(l + 2 - 4) on.
      CHECK(std::sqrt(area) ==
            doctest::Approx(canonical_size * std::exp2(level - 2)).epsilon(1e-6));
    }
  }
}

TEST_CASE("export: a single level has every box") {
  CHECK(level_areas(1, 4, {}).empty());
}
