// Training steps of the run engine, with a clock around them and a look at the RoIs in between.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "apps/bench/synthetic_batch.h"
#include "core/log/logger.h"
#include "core/run/profile.h"
#include "detection/training/build_model.h"
#include "detection/training/train_config.h"
#include "nn/training/trainable.h"
#include "nn/training/training_step.h"
#include "ops/conv2d/conv2d_tuning.h"

namespace denovo::bench {

struct StepOptions {
  SyntheticBatchOptions batch;
  /// Foreground RoIs of each image; empty: as they come. Otherwise the RPN's proposals are computed
  /// and then replaced by fixed_proposals.
  std::vector<int> foreground;
  Device device;
  std::function<void()> begin_update = {};  // called before each; empty: nothing
};

struct StepResult {
  double seconds = 0;           // from the end of the step before
  std::vector<int> foreground;  // RoIs of each image
  double loss = 0;
  size_t peak_bytes = 0;  // of tensors
  std::vector<ProfileEntry> profile;
};

class StepBenchmark {
 public:
  /// Random weights. Throws ConfigError when config or options cannot work together. The logger
  /// must outlive it.
  StepBenchmark(const detection::TrainConfig& config, const StepOptions& options, Logger& logger);

  /// Steps as a training run makes them: the host uploads the batch of one and enqueues it while a
  /// GPU computes the one before, whose losses it then reads. The results are of those after the
  /// warm-up. A profile makes a GPU wait: there, as many steps follow for the profiles alone.
  std::vector<StepResult> run(int64_t warmup, int64_t iters);

  const detection::MaskRcnn& model() const { return *built_.model; }

 private:
  std::vector<StepResult> steps(int64_t warmup, int64_t iters, bool profiled);
  nn::NamedLosses losses(std::span<const Tensor> batch, const nn::LossContext& context);

  Logger& logger_;
  const detection::TrainConfig config_;
  const StepOptions options_;
  const Tf32Scope tf32_;
  std::optional<ops::TunedConvolutions> tuned_;
  const nn::MicroBatch batch_;
  detection::BuiltModel built_;
  nn::Trainable trainable_;
  DeviceStepState state_;
  detection::Proposals fixed_proposals_;  // undefined tensors: none
  std::vector<int> foreground_;           // of the last update under a profile
  nn::TrainingStep step_;
};

/// Classes 1 … count without names.
std::vector<data::CocoCategory> numbered_classes(int count);

/// The batch that a configuration trains on: solver.images_per_batch images, the smallest of
/// input.min_size_train high, input.max_size wide; with input.jitter_size its square.
SyntheticBatchOptions batch_options(const detection::TrainConfig& config);

}  // namespace denovo::bench
