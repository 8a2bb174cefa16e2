#include "apps/study/results/end_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace denovo::study {
namespace {

Estimate estimate_of(const std::vector<double>& values) {
  return {mean(values), t_interval(values)};
}

/// Of the finished runs of the longest schedule.
double pixels_per_iteration(const Design& design, const std::vector<RunResult>& runs,
                            const std::string& arm, int64_t images) {
  double pixels = 0, iterations = 0;
  for (const RunResult& result : runs) {
    const StudyRun& run = result.run;
    if (result.state != JobState::kFinished || run.arm != arm || run.images != images ||
        run.schedule != design.longest(images))
      continue;
    pixels += static_cast<double>(result.pixels_seen);
    iterations += static_cast<double>(result.iteration);
  }
  return iterations > 0 ? pixels / iterations : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::vector<EndScores> end_scores(const Design& design, const std::vector<RunResult>& runs,
                                  bool boxes) {
  std::vector<std::string> arms = {design.reference};
  arms.insert(arms.end(), design.others.begin(), design.others.end());
  const std::vector<Measurement> measurements = measurements_of(runs, boxes);
  std::vector<EndScores> result;
  for (const std::string& arm : arms)
    for (const int64_t images : design.sizes)
      for (const int64_t schedule : design.schedules_of(images)) {
        std::vector<double> values;
        for (const Measurement& run : measurements)
          if (run.arm == arm && run.images == images && run.schedule == schedule && run.finished &&
              !std::isnan(run.final.ap))
            values.push_back(run.final.ap);
        EndScores end{.arm = arm, .images = images, .schedule = schedule};
        end.n = static_cast<int>(values.size());
        end.mean = end.low = end.high = mean(values);
        if (!values.empty()) {
          const auto [low, high] = std::minmax_element(values.begin(), values.end());
          end.low = *low;
          end.high = *high;
        }
        result.push_back(end);
      }
  return result;
}

std::vector<EndDifference> end_differences(const Design& design, const std::vector<RunResult>& runs,
                                           bool boxes) {
  const std::vector<Measurement> measurements = measurements_of(runs, boxes);
  const Runs lookup(design, measurements);
  std::vector<EndDifference> result;
  for (const std::string& arm : design.others)
    for (const int64_t images : design.sizes)
      for (const int64_t schedule : design.schedules_of(images)) {
        std::vector<double> ap, ap50, ap75;
        for (const int64_t seed : design.seeds) {
          Pair pair(lookup, arm, images, seed);
          const auto difference = [&](double Scores::*score) {
            return pair.end(Role::kReference, score, schedule) -
                   pair.end(Role::kOther, score, schedule);
          };
          const Scores scores{difference(&Scores::ap), difference(&Scores::ap50),
                              difference(&Scores::ap75)};
          if (!pair.why_missing().empty()) continue;
          ap.push_back(scores.ap);
          ap50.push_back(scores.ap50);
          ap75.push_back(scores.ap75);
        }
        result.push_back({.arm = arm,
                          .images = images,
                          .schedule = schedule,
                          .ap = estimate_of(ap),
                          .ap50 = estimate_of(ap50),
                          .ap75 = estimate_of(ap75),
                          .n = static_cast<int>(ap.size())});
      }
  return result;
}

std::vector<ParityCost> parity_costs(const Design& design, const std::vector<RunResult>& runs,
                                     const ArmClaims& arm, double pretraining_pixels) {
  std::vector<ParityCost> result;
  for (size_t i = 0; i < arm.parity.size(); ++i) {
    const ParityIterations& parity = arm.parity[i];
    const double ratio = arm.claim(2).by_size[i].estimate;
    if (std::isnan(parity.iterations) || std::isnan(ratio)) continue;
    const auto pixels = [&](const std::string& name, double iterations) {
      return iterations * pixels_per_iteration(design, runs, name, parity.images);
    };
    result.push_back(
        {.arm = arm.arm,
         .images = parity.images,
         .iterations = parity.iterations,
         .iterations_ratio = ratio,
         .pixels_ratio = pixels(design.reference, parity.iterations) /
                         (pixels(arm.arm, parity.iterations / ratio) + pretraining_pixels),
         .at_least = parity.at_least});
  }
  return result;
}

}  // namespace denovo::study
