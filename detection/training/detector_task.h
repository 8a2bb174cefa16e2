// Training of a detector on COCO-format files, as the run engine wants it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "detection/training/data_changes.h"
#include "detection/training/training_batches.h"
#include "detection/training/training_sample.h"
#include "detection/training/validation.h"
#include "nn/training/configured_task.h"
#include "nn/training/trainer.h"

namespace denovo::detection {

class DetectorTask : public nn::ConfiguredTask<TrainConfig> {
 public:
  /// Nothing is read yet. config, logger and group must outlive it.
  DetectorTask(const TrainConfig& config, Device device, Logger& logger, ProcessGroup& group);

  void prepare(nn::RunRecorder& recorder) override;
  const nn::Module& model() const override { return *model_; }
  Metadata metadata() const override;
  Metadata state() const override { return to_metadata(fingerprints_); }
  std::vector<std::string> resume(nn::Checkpoint& checkpoint) const override;

  void seek(int64_t iteration) override;
  std::span<const nn::MicroBatch> load() override;
  nn::NamedLosses losses(std::span<const Tensor> micro_batch,
                         const nn::LossContext& context) override;

  std::optional<nn::Score> evaluate(int64_t iteration, const std::string& run) override;

 private:
  void read_training_set(nn::RunRecorder& recorder);
  void read_validation_set(nn::RunRecorder& recorder);

  DataFingerprints fingerprints_;
  std::optional<TrainingBatches> train_set_;
  std::optional<Validation> validation_;
  std::optional<TrainingSample> sample_;
  std::unique_ptr<MaskRcnn> model_;
  std::vector<nn::MicroBatch> micro_batches_;
};

/// The losses of a micro-batch of data::tensors_of a batch: what the task gives to the engine.
nn::NamedLosses detector_losses(MaskRcnn& model, const TrainConfig& config,
                                std::span<const Tensor> micro_batch, const nn::LossContext& context,
                                const StageTap& tap = {});

/// nn::train of a DetectorTask.
nn::TrainOutcome train(const TrainConfig& config, const nn::TrainOptions& options, Logger& logger,
                       ProcessGroup& group = ProcessGroup::alone());

}  // namespace denovo::detection
