// The two runs of a seed, at one size, and the numbers that claims take from them.
#pragma once

#include <map>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "apps/study/statistics/measurements.h"

namespace denovo::study {

/// Finds the runs of a grid; both arguments must outlive it.
class Runs {
 public:
  /// Throws ConfigError when the grid has no size or schedule, or a run is measured twice.
  Runs(const Design& design, std::span<const Measurement> measurements);

  const Design& design() const { return design_; }
  /// nullptr: there is none.
  const Measurement* find(const std::string& arm, int64_t images, int64_t schedule,
                          int64_t seed) const;

 private:
  const Design& design_;
  std::map<std::tuple<std::string, int64_t, int64_t, int64_t>, const Measurement*> runs_;
};

/// "<arm>-<images>-<schedule>-s<seed>", as the folder of the run is called.
std::string run_name(const std::string& arm, int64_t images, int64_t schedule, int64_t seed);

enum class Role { kReference, kOther };

/// A number that is not there (no such run, not finished, undefined AP) reads as NaN, and the pair
/// remembers the first one: it is missing as a whole.
class Pair {
 public:
  Pair(const Runs& runs, std::string other, int64_t images, int64_t seed)
      : runs_(runs), other_(std::move(other)), images_(images), seed_(seed) {}

  const Design& design() const { return runs_.design(); }
  /// The schedules of its size.
  std::vector<int64_t> schedules() const { return design().schedules_of(images_); }
  int64_t longest() const { return design().longest(images_); }

  /// At the end of a schedule.
  double end(Role role, double Scores::*score, int64_t schedule);
  /// Keypoint AP at the end of the longest.
  double end_of_keypoints(Role role);
  /// Train AP less validation AP at the end of the longest schedule.
  double overfitting(Role role);
  /// AP after early_fraction of the longest schedule, from that run's curve, linear between the two
  /// neighbouring points. A curve that does not reach from before to behind it has none.
  double early(Role role);

  /// Notes why the pair has no value; the first reason stays. Returns NaN.
  double missing(std::string why);
  /// Empty: nothing is missing.
  const std::string& why_missing() const { return why_missing_; }
  /// Of an arm's run in this pair.
  std::string name(Role role, int64_t schedule) const;

 private:
  const std::string& arm_name(Role role) const;
  /// nullptr, and noted, unless it is finished.
  const Measurement* finished(Role role, int64_t schedule);
  double defined(double value, const char* what, Role role, int64_t schedule);

  const Runs& runs_;
  const std::string other_;
  const int64_t images_, seed_;
  std::string why_missing_;
};

}  // namespace denovo::study
