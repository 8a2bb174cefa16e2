#include "apps/study/statistics/interval.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace denovo::study;

// Numbers: tests/oracles/study_statistics.py.

TEST_CASE("t_quantile: equals scipy.stats.t.ppf") {
  struct Row {
    double probability;
    int degrees;
    double quantile;
  };
  for (const Row& row : {Row{0.975, 2, 4.302652729749462}, Row{0.975, 3, 3.1824463052837078},
                         Row{0.975, 4, 2.7764451051977934}, Row{0.975, 9, 2.262157162798205},
                         Row{0.995, 2, 9.924843200918287}, Row{0.9875, 4, 3.4954059325164417}})
    CHECK(t_quantile(row.probability, row.degrees) == doctest::Approx(row.quantile).epsilon(1e-13));
}

TEST_CASE("t_interval: equals scipy.stats.t.interval") {
  struct Row {
    std::vector<double> values;
    double confidence, low, high;
  };
  for (const Row& row :
       {Row{{1.2, 2.1, 0.7}, 0.95, -0.42906273056373645, 3.0957293972304027},
        Row{{-0.4, 0.3, 0.9, 0.2}, 0.95, -0.5969932021132084, 1.0969932021132083},
        Row{{5.0, 5.5, 4.75, 6.25, 5.125}, 0.95, 4.600326552414266, 6.049673447585734},
        Row{{5.0, 5.5, 4.75, 6.25, 5.125}, 0.9875, 4.198841709227437, 6.451158290772564}}) {
    const auto interval = t_interval(row.values, row.confidence);
    REQUIRE(interval);
    CHECK(interval->low == doctest::Approx(row.low).epsilon(1e-12));
    CHECK(interval->high == doctest::Approx(row.high).epsilon(1e-12));
  }
}

TEST_CASE("t_interval: fewer than three values have none, nor have values without spread") {
  CHECK_FALSE(t_interval(std::vector<double>{}));
  CHECK_FALSE(t_interval(std::vector{1.0, 2.0}));
  CHECK_FALSE(t_interval(std::vector{2.0, 2.0, 2.0}));
  // Equal differences, but for the rounding of the subtraction.
  CHECK_FALSE(t_interval(std::vector{40.1 - 38.1, 41.3 - 39.3, 12.7 - 10.7}));
  CHECK(t_interval(std::vector{2.0, 2.0, 2.001}));
}

TEST_CASE("mean: of nothing is undefined") {
  CHECK(std::isnan(mean({})));
}

TEST_CASE("side_of: an interval that touches the threshold is on neither side") {
  CHECK(side_of({0.1, 2}, 0) == Side::kAbove);
  CHECK(side_of({-2, -0.1}, 0) == Side::kBelow);
  CHECK(side_of({-1, 1}, 0) == Side::kAcross);
  CHECK(side_of({0, 1}, 0) == Side::kAcross);
  CHECK(side_of({-1, 0}, 0) == Side::kAcross);
}
