// What the steps since the last line of metrics add up to.
#pragma once

#include <string>
#include <vector>

#include "core/log/metrics.h"
#include "nn/training/checkpoint.h"
#include "nn/training/training_step.h"

namespace denovo::nn {

/// Sums losses and counters into a TrainingState, so that a resumed run writes the lines that the
/// uninterrupted one would have written; times are those of this process only.
class StepMetrics {
 public:
  /// Keeps a reference to the state.
  explicit StepMetrics(TrainingState& state) : state_(state) {}

  void add(const StepRecord& record);
  /// Seconds that one update waited for data, and took in all.
  void add_times(double data_seconds, double step_seconds);

  /// Mean losses, mean times and the counters since the start of the run, with detectron2's names;
  /// the sums begin anew.
  std::vector<Metric> take();
  /// The mean total loss and the images per second of the last take(), for the progress line.
  const std::string& summary() const { return summary_; }

 private:
  TrainingState& state_;
  int64_t timed_images_ = 0, timed_steps_ = 0;
  double data_seconds_ = 0, step_seconds_ = 0;
  std::string summary_;
};

}  // namespace denovo::nn
