// Claim 2: how many times the iterations random weights (S) need for what pre-trained weights (P)
// reach.
//
// For a pair of one seed, target = P's AP at the end of the shortest schedule less the margin. Both
// arms' iterations are read from their ends of schedules, linear in between, and from AP 0 at no
// iterations at all (a detector without training has AP 0 under any trunk) to the shortest end.
// ratio = iterations(S) / iterations(P).
//
// Below the shortest schedule nothing was measured. The line from the origin stands for it, for
// both arms alike, so that there the ratio is P's AP / S's AP at the shortest schedule: its size is
// a convention, but it is below 1 exactly when S is ahead there. Were S held at the shortest
// schedule instead, no ratio could be below 1, equal arms would look as if S needed more, and the
// claim could never be contradicted.
//
// Never getting there. A pair whose S stays below the target is censored: all that is known is that
// it needs more than the longest schedule. Then no upper bound exists (the interval ends at
// infinity, `contradicted` is out of reach), and the estimate, with the longest schedule in place
// of what is not known, is too small. The lower bound must not come from these substitutes: they
// hide the spread, and three noisy pairs that are all censored would look certain. It is read from
// AP, which is measured whether the target is reached or not: let d_i(r) = AP of S, after r times
// the iterations that P needed, less the target, in pair i. While the whole t interval of the mean
// of d is below zero, S is not there yet; the bound is the r up to which that holds, at most the
// smallest r at which a pair's longest schedule ends. At r = 1, d_i is S's AP less P's AP but for a
// factor near 1: the bound exceeds 1 only if S is behind by the same kind of interval that all
// other claims use, so that equal arms give a false `supported` in at most 2.5 % of studies however
// many pairs are censored.
//
// Where no pair is censored: Student's interval of log(ratio), as for every other mean, with the
// same limit on its lower bound. Curves flatten beyond the shortest schedule, which skews
// log(ratio) upwards; at margin 0 its own bound would call equal arms `supported` in 6 % of studies
// of five seeds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "apps/study/statistics/interval.h"

namespace denovo::study {

struct ScheduleEnd {
  double iterations = 0, ap = 0;
};

struct Reached {
  double iterations = 0;
  bool censored = false;  // never reached; iterations is the longest schedule
};

/// First crossing of `target` > 0 on the line through (0, 0) and the ends, ascending iterations.
Reached iterations_to_reach(std::span<const ScheduleEnd> ends, double target);

/// One seed.
struct ParityPair {
  std::vector<ScheduleEnd> scratch;  // ascending iterations
  ScheduleEnd pretrained;            // of the shortest schedule, an AP above the margin

  double target(double margin) const { return pretrained.ap - margin; }
  double pretrained_iterations(double margin) const {
    return pretrained.iterations * target(margin) / pretrained.ap;
  }
};

/// Geometric means over the pairs.
struct Parity {
  double ratio = 0;       // a lower bound when any pair is censored
  double iterations = 0;  // of S; likewise
  int num_censored = 0;
  std::optional<Interval> interval;  // of the ratio; high is infinity when any pair is censored
};

/// NaN and no interval for no pairs; an interval as t_interval gives one.
Parity parity(std::span<const ParityPair> pairs, double margin);

}  // namespace denovo::study
