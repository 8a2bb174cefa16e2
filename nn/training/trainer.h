// The run engine: steps, logs, evaluations and checkpoints of whatever a task trains.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/dist/process_group.h"
#include "core/log/logger.h"
#include "core/tensor/device.h"
#include "nn/training/task.h"

namespace denovo::nn {

struct TrainOptions {
  std::string out;
  bool resume = false;
  Device device;
  /// Called after each update with the number of updates done, before signals are looked at; may be
  /// empty.
  std::function<void(int64_t)> after_update = {};
  /// A run to take over from (nn/training/branch.h) where this one has no checkpoint of its own;
  /// empty: none.
  std::string branch_of = {};
};

/// In the sentence of a fault that stopped a run, between the fault and what became of the run:
/// "a.jpg: …; stopped after iteration 12 with a checkpoint, --resume continues".
inline constexpr const char* kStoppedAfter = "; stopped after iteration ";

/// How a call of train ended.
struct TrainOutcome {
  int signal = 0;       // the signal that stopped it after a checkpoint; 0: it finished
  std::string summary;  // of the last evaluation
};

/// Trains to the end (end_of_run), continues a run, or branches off another. Same configuration,
/// device and threads: same bytes, stopped and resumed or not. Ranks train together on parts of
/// each batch (collective); the result differs from that of one rank by rounding alone, and a run
/// may be resumed with another number of them. Rank 0 writes, and gets the summary.
///
/// A signal (core/files/signals.h) ends it after a step or within an evaluation with a checkpoint,
/// before the first step without a trace. Data are read, the model is built and the first batch is
/// loaded before anything is written. Throws what the task throws; IoError for bad data and
/// ResourceError for a full disk later on, after a checkpoint where one can be written;
/// DivergedError when a loss, a gradient or a weight is not finite, with the last checkpoint
/// intact.
TrainOutcome train(Task& task, const TrainOptions& options, Logger& logger,
                   ProcessGroup& group = ProcessGroup::alone());

}  // namespace denovo::nn
