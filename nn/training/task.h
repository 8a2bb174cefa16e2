// The seam between a run and what it trains. The engine of this folder knows tensors, named losses
// and scores; a task (detection/training, detection/pretraining) knows the model and its data.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/config/config_fields.h"
#include "core/files/safetensors.h"
#include "core/log/metrics.h"
#include "core/run/step_state.h"
#include "nn/module.h"
#include "nn/training/checkpoint.h"
#include "nn/training/micro_batch.h"
#include "nn/training/run_config.h"

namespace denovo::nn {

class RunRecorder;

/// What the losses of a micro-batch depend on besides the model and the batch.
struct LossContext {
  const DeviceStepState* state = nullptr;  // of the update, on the device: keys of random draws
  DType dtype = DType::kF32;               // of activations
  /// Micro-batches of the update, over accumulation and ranks. The losses are this one's share:
  /// the objective is their sum over all micro-batches.
  int64_t num_micro_batches = 1;
};

/// An evaluation of the model.
struct Score {
  double value = -1;            // the larger the better; "best" is by it. -1: undefined
  std::vector<Metric> metrics;  // by name, as metrics.jsonl has them
  std::string summary;          // for people, printed when the run is over
};

/// What is trained. The engine calls prepare() first, then seek(), then load() and losses() for
/// each update in turn, and evaluate() and metadata() in between; all from one thread, on every
/// rank. Only calls marked as collective make collective calls.
class Task {
 public:
  virtual ~Task() = default;

  virtual RunConfig run_config() const = 0;
  /// The whole configuration as TOML, every key; and how it differs from the one in a file.
  virtual std::string config_text() const = 0;
  virtual std::vector<ConfigDifference> differences_from(const std::string& config_file) const = 0;

  /// Reads what there is to read, looks whether it can be used to the end, and builds the model
  /// with the weights that it starts from. What is worth a line goes to the recorder. May return
  /// early when a signal came. Throws IoError and ConfigError; nothing is written yet. Collective.
  virtual void prepare(RunRecorder& recorder) = 0;
  virtual const Module& model() const = 0;
  /// What a model file says about its weights.
  virtual Metadata metadata() const = 0;

  /// What a checkpoint says of the task's own, by name: fingerprints of its data, say.
  virtual Metadata state() const { return {}; }
  /// Before anything is written: whether a run that goes on from this checkpoint is still the same.
  /// Returns lines for the log. May change what the checkpoint says of the best score. Throws
  /// IoError where the run cannot go on.
  virtual std::vector<std::string> resume(Checkpoint& checkpoint) const = 0;

  /// The next update to load is this one. The batches of an update are a function of its number.
  virtual void seek(int64_t iteration) = 0;
  /// This rank's micro-batches of the next update, in host memory, valid until the next call.
  virtual std::span<const MicroBatch> load() = 0;
  /// One forward pass; the tensors are those of the micro-batch on the device. Enqueues only
  /// (core/run/repeated_work.h). The same names at every call.
  virtual NamedLosses losses(std::span<const Tensor> micro_batch, const LossContext& context) = 0;

  /// Scores the model after so many updates and writes what belongs to it into the run directory.
  /// nullopt when there is nothing to evaluate on, and when a signal came meanwhile. Only rank 0
  /// needs more than the value. Collective.
  virtual std::optional<Score> evaluate(int64_t iteration, const std::string& run) = 0;
};

}  // namespace denovo::nn
