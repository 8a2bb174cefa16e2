// Grids of measurements: with the numbers that a test gives them, and with a known truth and noise.
#pragma once

#include <string>
#include <vector>

#include "apps/study/statistics/measurements.h"
#include "core/kernels/random.h"

namespace denovo::testing {

/// Expected values, the same at both sizes; AP in points.
struct Truth {
  double pretrained_shortest = 30, pretrained_final = 38;
  double behind_shortest = 0, behind_early = 0;  // P - S at the end of the shortest schedule, early
  double final_difference = 0;                   // S - P
  double overfitting_difference = 0;             // gap(S) - gap(P)
  double localisation_difference = 0;            // (S - P) in AP75 less (S - P) in AP50
};

/// Two sizes, three schedules, seeds 1 … num_seeds.
inline study::Design small_design(int num_seeds) {
  study::Design design{.reference = "scratch",
                       .others = {"pretrained"},
                       .sizes = {500, 2000},
                       .schedules = {1000, 2000, 4000},
                       .seeds = {}};
  for (int seed = 1; seed <= num_seeds; ++seed) design.seeds.push_back(seed);
  return design;
}

/// A finished run of each place of the grid; fill(run) gives it its numbers.
template <typename Fill>
std::vector<study::Measurement> fill_grid(const study::Design& design, const Fill& fill) {
  std::vector<study::Measurement> runs;
  std::vector<std::string> arms = {design.reference};
  arms.insert(arms.end(), design.others.begin(), design.others.end());
  for (const std::string& arm : arms)
    for (const int64_t images : design.sizes)
      for (const int64_t schedule : design.schedules_of(images))
        for (const int64_t seed : design.seeds) {
          study::Measurement run;
          run.arm = arm;
          run.images = images;
          run.schedule = schedule;
          run.seed = seed;
          run.finished = true;
          fill(run);
          runs.push_back(std::move(run));
        }
  return runs;
}

/// Study `index`: every number of every run has normal noise of its own, of standard deviation
/// `noise`; ends of schedules between the shortest and the longest lie on the line between them.
inline std::vector<study::Measurement> simulate(const study::Design& design, const Truth& truth,
                                                double noise, int index) {
  const RandomStream stream{11, RandomPurpose::kTest, 0, static_cast<uint32_t>(index)};
  uint32_t draws = 0;
  const auto noisy = [&](double value) { return value + noise * normal(stream, draws++); };
  return fill_grid(design, [&](study::Measurement& run) {
    const bool scratch = run.arm == design.reference;
    const double shortest = truth.pretrained_shortest - scratch * truth.behind_shortest;
    const double longest = truth.pretrained_final + scratch * truth.final_difference;
    const double share = static_cast<double>(run.schedule - design.shortest()) /
                         static_cast<double>(design.longest() - design.shortest());
    const double ap = shortest + share * (longest - shortest);
    run.final.ap = noisy(ap);
    run.final.ap50 = noisy(ap + 15);
    run.final.ap75 = noisy(ap + scratch * truth.localisation_difference);
    run.train_ap = noisy(ap + 5 + scratch * truth.overfitting_difference);
    const double early = 20 - scratch * truth.behind_early;
    run.curve = {{700, noisy(early)}, {900, noisy(early)}, {run.schedule, run.final.ap}};
  });
}

}  // namespace denovo::testing
