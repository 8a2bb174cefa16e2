#include "apps/study/plan/plan_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/files/json_writer.h"
#include "core/log/logger.h"

namespace denovo::study {
namespace {

std::string study_state(std::span<const Job> jobs) {
  const auto any = [&](JobState state) {
    return std::any_of(jobs.begin(), jobs.end(),
                       [&](const Job& job) { return job.state == state; });
  };
  if (any(JobState::kRunning)) return "running";
  if (any(JobState::kPending) || any(JobState::kStopped)) return "unfinished";
  return any(JobState::kFailed) ? "finished with failed runs" : "finished";
}

}  // namespace

GridCost cost_of(const Grid& grid, std::span<const Job> jobs, const Costs& costs) {
  GridCost cost;
  for (const Job& job : jobs) {
    cost.seconds += job.estimated_seconds;
    cost.seconds_alone += job.estimated_seconds;
    if (job.is_pretraining()) continue;
    const StudyRun& run = grid.run(job.id);
    cost.iterations += run.own_iterations();
    cost.iterations_alone += run.schedule;
    const int64_t shared_evaluations = run.branch_at / run.config.eval.period;
    cost.seconds_alone += static_cast<double>(run.branch_at) * costs.iteration +
                          static_cast<double>(shared_evaluations) * costs.evaluation(run.config);
  }
  return cost;
}

std::string plan_json(const Grid& grid, std::span<const Job> jobs, const Costs& costs,
                      int threads) {
  const GridCost total = cost_of(grid, jobs, costs);
  JsonWriter json;
  json.begin_object().field("state", study_state(jobs)).field("threads", threads);
  json.key("costs").begin_object();
  json.field("start_seconds", costs.start).field("iteration_seconds", costs.iteration);
  json.field("evaluated_image_seconds", costs.evaluated_image).end_object();
  json.key("total").begin_object();
  json.field("iterations", total.iterations).field("iterations_alone", total.iterations_alone);
  json.field("estimated_seconds", total.seconds);
  json.field("estimated_seconds_alone", total.seconds_alone).end_object();
  json.key("jobs").begin_array();
  for (const Job& job : jobs) {
    json.begin_object().field("id", job.id).field("state", name_of(job.state));
    if (!job.reason.empty()) json.field("reason", job.reason);
    if (!job.is_pretraining()) {
      const StudyRun& run = grid.run(job.id);
      json.field("arm", run.arm).field("images", run.images);
      json.field("schedule", run.schedule).field("seed", run.seed);
    }
    if (!job.needs.empty()) json.field("needs", job.needs);
    json.field("first_iteration", job.first).field("last_iteration", job.last);
    json.field("estimated_seconds", job.estimated_seconds);
    json.key("command").begin_array();
    for (const std::string& word : job.command) json.value(word);
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return json.text() + "\n";
}

std::string plan_table(const Grid& grid, std::span<const Job> jobs, const Costs& costs,
                       int at_a_time, double stated_rate) {
  size_t width = 0;
  for (const Job& job : jobs) width = std::max(width, job.id.size());
  std::string text =
      fmt::format("{:<{}}  {:>10}  {:>10}  {}\n", "run", width, "iterations", "time", "state");
  for (const Job& job : jobs) {
    const std::string state = job.state == JobState::kPending && !job.needs.empty()
                                  ? fmt::format("pending, after {}", job.needs)
                                  : std::string(name_of(job.state));
    text += fmt::format("{:<{}}  {:>10}  {:>10}  {}\n", job.id, width, job.last - job.first,
                        format_duration(job.estimated_seconds), state);
  }
  const GridCost total = cost_of(grid, jobs, costs);
  const auto time = [&](double seconds) {
    return stated_rate > 0
               ? fmt::format("{:.0f} device-hours", seconds / 3600)
               : fmt::format("{} on this machine", format_duration(seconds / at_a_time));
  };
  const std::string basis =
      stated_rate > 0
          ? fmt::format("at {:g} images a second{}", stated_rate,
                        costs.validation_images == 0 ? ", evaluations left out" : "")
          : fmt::format("{} at a time (a step takes {:.3g} s, an image to evaluate {:.3g} s)",
                        at_a_time, costs.iteration, costs.evaluated_image);
  text += fmt::format("{} runs, {} iterations, {}, {}\n", jobs.size(), total.iterations,
                      time(total.seconds), basis);
  if (total.iterations_alone > total.iterations) {
    text += fmt::format("without branches: {} iterations, {}\n", total.iterations_alone,
                        time(total.seconds_alone));
  }
  return text;
}

}  // namespace denovo::study
