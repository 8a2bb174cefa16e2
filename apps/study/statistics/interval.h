// Intervals of a mean over seeds, and where they lie to a threshold.
#pragma once

#include <optional>
#include <span>

namespace denovo::study {

struct Interval {
  double low = 0, high = 0;
};

inline constexpr double kConfidence = 0.95;
inline constexpr int kFewestPairs = 3;  // with fewer, seeds say next to nothing about their spread

/// NaN for no values.
double mean(std::span<const double> values);

/// Differ by less than a billionth of their size (or of one): rounding, no spread.
bool all_equal(std::span<const double> values);

/// Of Student's t: P(t <= result) = probability.
double t_quantile(double probability, int degrees_of_freedom);

/// Student's interval of the mean, low and high = mean -+ t(n - 1) * s / sqrt(n), s^2 the unbiased
/// variance. None for fewer than kFewestPairs values, and for values that are all equal:
/// measurements that seeds do not change (both arms at AP 0, runs that ignore their seed) are not a
/// sample, and an interval of width zero would decide every claim.
std::optional<Interval> t_interval(std::span<const double> values, double confidence = kConfidence);

enum class Side { kAbove, kBelow, kAcross };

/// kAbove, kBelow: the whole interval is greater or less than the threshold. kAcross: it contains
/// the threshold, or touches it.
Side side_of(const Interval& interval, double threshold);

}  // namespace denovo::study
