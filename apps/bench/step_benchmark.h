// One training step, taken apart: what TrainingStep does, in the same order and bit by bit (a test
// says so), with a clock around it and a look at the RoIs in between.
#pragma once

#include <vector>

#include "apps/bench/synthetic_batch.h"
#include "core/log/logger.h"
#include "core/profile.h"
#include "detection/training/build_model.h"
#include "detection/training/training_step.h"

namespace denovo::bench {

struct StepOptions {
  SyntheticBatchOptions batch;
  /// Foreground RoIs of each image; empty: as they come. Otherwise the RPN's proposals are computed
  /// and then replaced by fixed_proposals.
  std::vector<int> foreground;
  Device device;
};

struct StepResult {
  double seconds = 0;
  std::vector<int> foreground;  // RoIs of each image
  double loss = 0;
  size_t peak_bytes = 0;  // of tensors
  std::vector<ProfileEntry> profile;
};

class StepBenchmark {
 public:
  /// Random weights. Throws ConfigError when config or options cannot work together.
  StepBenchmark(const detection::TrainConfig& config, const StepOptions& options, Logger& logger);

  /// Forward, backward and update, profiled.
  StepResult run();

  const data::Batch& batch() const { return batch_; }
  const detection::TrainableModel& trainable() const { return trainable_; }

 private:
  /// Seconds of one update; fills in its loss and, under a profile, its foreground.
  double update(StepResult& result);
  void enqueue(std::vector<int>& foreground);
  detection::StepTotals::NamedLosses losses(const detection::DeviceBatch& batch,
                                            std::vector<int>& foreground);

  const detection::TrainConfig config_;
  const StepOptions options_;
  data::Batch batch_;
  detection::TrainableModel trainable_;
  DeviceStepState state_;
  detection::StepTotals totals_;
  data::Batch on_device_;
  RepeatedWork work_;
  detection::Proposals fixed_proposals_;  // undefined tensors: none
};

/// Classes 1 … count without names.
std::vector<data::CocoCategory> numbered_classes(int count);

/// The batch that a configuration trains on: solver.images_per_batch images, the smallest of
/// input.min_size_train high, input.max_size wide.
SyntheticBatchOptions batch_options(const detection::TrainConfig& config);

}  // namespace denovo::bench
