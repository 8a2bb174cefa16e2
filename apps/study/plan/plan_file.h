// plan.json: what a study does, has done and will cost, for people and programs that look at it
// from outside. Nothing reads it back: what a run has done stands in its own directory.
#pragma once

#include <span>
#include <string>

#include "apps/study/plan/job.h"

namespace denovo::study {

/// What the branches save.
struct GridCost {
  int64_t iterations = 0;                 // of all runs as they are done
  int64_t iterations_alone = 0;           // if each schedule were trained from its first step
  double seconds = 0, seconds_alone = 0;  // estimated, with pre-training and evaluations
};
GridCost cost_of(const Grid& grid, std::span<const Job> jobs, const Costs& costs);

/// {"state", "threads", "costs": {…}, "total": {…},
///  "jobs": [{"id", "state", "reason", "arm", "images", "schedule", "seed", "needs",
///            "first_iteration", "last_iteration", "estimated_seconds", "command"}]}
std::string plan_json(const Grid& grid, std::span<const Job> jobs, const Costs& costs, int threads);

/// The same for people: a line for each job, and the totals: measured, the time of `at_a_time` of
/// them at a time on this machine; at a stated rate of images a second (not 0), hours of a device.
std::string plan_table(const Grid& grid, std::span<const Job> jobs, const Costs& costs,
                       int at_a_time, double stated_rate = 0);

}  // namespace denovo::study
