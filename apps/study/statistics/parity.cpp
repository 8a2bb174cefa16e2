#include "apps/study/statistics/parity.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace denovo::study {
namespace {

double ap_after(std::span<const ScheduleEnd> ends, double iterations) {
  ScheduleEnd last;
  for (const ScheduleEnd& end : ends) {
    if (iterations <= end.iterations)
      return last.ap + (end.ap - last.ap) * (iterations - last.iterations) /
                           (end.iterations - last.iterations);
    last = end;
  }
  return last.ap;
}

/// The upper bound of the mean of d(ratio): see the head of parity.h.
double upper_bound_of_lead(std::span<const ParityPair> pairs, double margin, double ratio) {
  std::vector<double> leads;
  for (const ParityPair& pair : pairs)
    leads.push_back(ap_after(pair.scratch, ratio * pair.pretrained_iterations(margin)) -
                    pair.target(margin));
  const std::optional<Interval> interval = t_interval(leads);
  return interval ? interval->high : mean(leads);
}

/// The ratio up to which S is behind for certain. The bound of d is convex between the ratios at
/// which a schedule of some pair ends: below zero at two of them, it is below zero between them,
/// and from below to above zero it crosses once.
double ratio_behind(std::span<const ParityPair> pairs, double margin) {
  std::vector<double> corners;
  double last_corner = std::numeric_limits<double>::infinity();
  for (const ParityPair& pair : pairs) {
    const double unit = pair.pretrained_iterations(margin);
    for (const ScheduleEnd& end : pair.scratch) corners.push_back(end.iterations / unit);
    last_corner = std::min(last_corner, pair.scratch.back().iterations / unit);
  }
  std::sort(corners.begin(), corners.end());
  if (upper_bound_of_lead(pairs, margin, 0) >= 0) return 0;
  double behind = 0;
  for (const double corner : corners) {
    if (corner > last_corner) break;
    if (upper_bound_of_lead(pairs, margin, corner) < 0) {
      behind = corner;
      continue;
    }
    double ahead = corner;
    for (int halving = 0; halving < 50; ++halving) {
      const double middle = (behind + ahead) / 2;
      (upper_bound_of_lead(pairs, margin, middle) < 0 ? behind : ahead) = middle;
    }
    break;
  }
  return behind;
}

}  // namespace

Reached iterations_to_reach(std::span<const ScheduleEnd> ends, double target) {
  ScheduleEnd last;
  for (const ScheduleEnd& end : ends) {
    if (end.ap >= target)
      return {.iterations = last.iterations + (end.iterations - last.iterations) *
                                                  (target - last.ap) / (end.ap - last.ap)};
    last = end;
  }
  return {.iterations = last.iterations, .censored = true};
}

Parity parity(std::span<const ParityPair> pairs, double margin) {
  Parity result;
  std::vector<double> ratios, iterations;  // logarithms
  std::vector<double> shortfalls;
  for (const ParityPair& pair : pairs) {
    const Reached reached = iterations_to_reach(pair.scratch, pair.target(margin));
    iterations.push_back(std::log(reached.iterations));
    ratios.push_back(std::log(reached.iterations / pair.pretrained_iterations(margin)));
    shortfalls.push_back(pair.scratch.back().ap - pair.target(margin));
    result.num_censored += reached.censored;
  }
  result.ratio = std::exp(mean(ratios));
  result.iterations = std::exp(mean(iterations));
  if (result.num_censored == 0) {
    if (const auto interval = t_interval(ratios))
      result.interval = {std::min(std::exp(interval->low), ratio_behind(pairs, margin)),
                         std::exp(interval->high)};
  } else if (t_interval(shortfalls)) {
    result.interval = {ratio_behind(pairs, margin), std::numeric_limits<double>::infinity()};
  }
  return result;
}

}  // namespace denovo::study
