#include "nn/training/step_metrics.h"

#include <fmt/format.h>

#include <algorithm>

namespace denovo::nn {

void StepMetrics::add(const StepRecord& record) {
  if (state_.window.empty()) {
    for (const auto& [name, value] : record.losses) state_.window.emplace_back(name, 0.0);
  }
  for (size_t i = 0; i < record.losses.size(); ++i)
    state_.window[i].second += record.losses[i].second;
  ++state_.window_count;
  state_.images_seen += record.counts.images;
  state_.instances_seen += record.counts.instances;
  state_.pixels_seen += record.counts.pixels;
  timed_images_ += record.counts.images;
}

void StepMetrics::add_times(double data_seconds, double step_seconds) {
  data_seconds_ += data_seconds;
  step_seconds_ += step_seconds;
  ++timed_steps_;
}

std::vector<Metric> StepMetrics::take() {
  const auto steps = static_cast<double>(std::max<int64_t>(1, state_.window_count));
  const auto timed = static_cast<double>(std::max<int64_t>(1, timed_steps_));
  std::vector<Metric> metrics;
  double total = 0;
  for (const auto& [name, sum] : state_.window) {
    metrics.push_back({name, sum / steps});
    if (name == "total_loss") total = sum / steps;
  }
  metrics.push_back({"data_time", data_seconds_ / timed});
  metrics.push_back({"time", step_seconds_ / timed});
  metrics.push_back({"images_seen", state_.images_seen});
  metrics.push_back({"instances_seen", state_.instances_seen});
  metrics.push_back({"pixels_seen", state_.pixels_seen});
  summary_ = fmt::format("{:.2f} images/s, loss {:.3f}",
                         static_cast<double>(timed_images_) / std::max(1e-9, step_seconds_), total);
  state_.window.clear();
  state_.window_count = 0;
  timed_images_ = timed_steps_ = 0;
  data_seconds_ = step_seconds_ = 0;
  return metrics;
}

}  // namespace denovo::nn
