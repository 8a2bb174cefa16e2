// Training of a detector from a configuration: data, steps, logs, evaluations, checkpoints.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "data/coco/training_view.h"
#include "data/loading/loader.h"
#include "detection/evaluation/evaluate_model.h"
#include "detection/training/build_model.h"
#include "detection/training/run_directory.h"
#include "detection/training/run_log.h"

namespace denovo::detection {

struct TrainOptions {
  std::string out;
  bool resume = false;
  Device device;
};

/// How a call of train ended.
struct TrainOutcome {
  int signal = 0;       // the signal that stopped it after a checkpoint; 0: it finished
  std::string summary;  // the last evaluation, in the reference's lines
};

/// Trains to solver.max_iter, or continues a run. Same configuration, device and threads: same
/// bytes, stopped and resumed or not. Throws what reading data and weights throws, before anything
/// is written; DivergedError when a loss or gradient is not finite, with the last checkpoint
/// intact.
TrainOutcome train(const TrainConfig& config, const TrainOptions& options, Logger& logger);

}  // namespace denovo::detection
