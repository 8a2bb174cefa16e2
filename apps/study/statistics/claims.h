// Verdicts on the six claims, for each pre-trained arm.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/study/statistics/rules.h"

namespace denovo::study {

/// One claim at one size.
struct SizeRow {
  int64_t images = 0;
  double estimate = 0;  // NaN without pairs
  std::optional<Interval> interval;
  Verdict verdict = Verdict::kInconclusive;  // of this interval, by the claim's threshold
  int n = 0;                                 // pairs
  int num_censored = 0;                   // of them; the estimate is then a lower bound (parity.h)
  std::vector<std::string> missing = {};  // what makes a pair missing, one entry each
};

struct Claim {
  int id = 0;
  std::string arm, title, unit;
  Verdict verdict = Verdict::kInconclusive;
  int64_t images = 0;  // the size that decided: the largest, but for a contradiction of claim 5
  double estimate = 0;
  std::optional<Interval> interval;
  int n = 0;
  double threshold = 0;
  std::string rule;              // in words
  std::string why;               // one sentence with the numbers
  std::vector<SizeRow> by_size;  // ascending
  std::optional<Interval>
      validation_noise;  // the caller's, for fewer than three pairs: decides nothing
};

/// Where claim 3 breaks down: below `no_worse_at` images and above `worse_at`. Sizes that decide
/// nothing lie between; either is absent where no size says so. A size that is no worse but smaller
/// than one that is worse is no end of the bracket.
struct Breakdown {
  std::optional<int64_t> worse_at;     // the largest size at which claim 3 is contradicted
  std::optional<int64_t> no_worse_at;  // the smallest size above it at which it is supported
};

/// Iterations with which random weights reach what pre-trained ones reach at the shortest schedule,
/// less the margin.
struct ParityIterations {
  int64_t images = 0;
  double iterations = 0;  // geometric mean; NaN without pairs
  bool at_least = false;  // some seed never got there
};

/// What the arm's weights are worth at the end of a schedule: P - S.
struct Worth {
  int64_t images = 0, schedule = 0;
  double estimate = 0;
  std::optional<Interval> interval;
  int n = 0;
  std::vector<std::string> missing = {};
};

struct ArmClaims {
  std::string arm;
  std::array<Claim, kRules.size()> claims;  // by id
  std::optional<Claim> keypoints;           // by kKeypointRule; where a run has a keypoint AP
  Breakdown breakdown;
  std::vector<ParityIterations> parity;  // by size; empty for a single schedule
  std::vector<Worth> worth;              // by size, then schedule

  const Claim& claim(int id) const { return claims[id - 1]; }
};

/// One entry per arm of design.others. Measurements outside the grid are not looked at. A pair of
/// which a run is missing, unfinished or without AP is left out of the claims that need it and
/// named in their `why`. Throws ConfigError as Runs does.
///
/// Claim 5 can be contradicted at any size. As k sizes are searched for the counterexample, the
/// intervals of that search hold together: each at confidence 1 - 0.05 / k (Bonferroni), or a study
/// of four sizes would find one by chance in up to 10 %. `interval` is the decisive one.
std::vector<ArmClaims> judge(const Design& design, std::span<const Measurement> measurements);

}  // namespace denovo::study
