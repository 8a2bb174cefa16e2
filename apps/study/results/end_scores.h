// AP at the ends of schedules, and what equal AP costs: for the page's tables and charts. None of
// it decides a verdict.
#pragma once

#include <string>
#include <vector>

#include "apps/study/results/run_results.h"
#include "apps/study/statistics/claims.h"

namespace denovo::study {

/// AP on the validation set over the finished seeds; NaN without any.
struct EndScores {
  std::string arm;
  int64_t images = 0, schedule = 0;
  double mean = 0, low = 0, high = 0;  // of AP; lowest and highest seed
  int n = 0;
};

struct Estimate {
  double mean = 0;  // NaN without pairs
  std::optional<Interval> interval;
};

/// Reference less arm, paired by seed.
struct EndDifference {
  std::string arm;
  int64_t images = 0, schedule = 0;
  Estimate ap, ap50, ap75;
  int n = 0;  // pairs
};

/// What random weights take to reach what the arm reaches at the shortest schedule, less the margin
/// (claim 2), in units of what the arm took.
struct ParityCost {
  std::string arm;
  int64_t images = 0;
  double iterations = 0, iterations_ratio = 0;
  double pixels_ratio = 0;  // the arm's pre-training included, as far as the study ran it
  bool at_least = false;    // some seed never got there
};

/// Of boxes or of masks; by arm, size and schedule.
std::vector<EndScores> end_scores(const Design& design, const std::vector<RunResult>& runs,
                                  bool boxes);
std::vector<EndDifference> end_differences(const Design& design, const std::vector<RunResult>& runs,
                                           bool boxes);

/// `pretraining_pixels` of this arm, already divided by its uses. Sizes without an estimate are
/// left out.
std::vector<ParityCost> parity_costs(const Design& design, const std::vector<RunResult>& runs,
                                     const ArmClaims& arm, double pretraining_pixels);

}  // namespace denovo::study
