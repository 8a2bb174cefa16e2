#include "apps/study/statistics/interval.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

namespace denovo::study {

double mean(std::span<const double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

bool all_equal(std::span<const double> values) {
  if (values.empty()) return true;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *high - *low <= 1e-9 * std::max({1.0, std::abs(*low), std::abs(*high)});
}

double t_quantile(double probability, int degrees_of_freedom) {
  return boost::math::quantile(boost::math::students_t(degrees_of_freedom), probability);
}

std::optional<Interval> t_interval(std::span<const double> values, double confidence) {
  const auto n = static_cast<int>(values.size());
  if (n < kFewestPairs || all_equal(values)) return std::nullopt;
  const double centre = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - centre) * (value - centre);
  const double error = std::sqrt(squares / (n - 1) / n);
  const double reach = t_quantile((1 + confidence) / 2, n - 1) * error;
  return Interval{centre - reach, centre + reach};
}

Side side_of(const Interval& interval, double threshold) {
  if (interval.low > threshold) return Side::kAbove;
  if (interval.high < threshold) return Side::kBelow;
  return Side::kAcross;
}

}  // namespace denovo::study
