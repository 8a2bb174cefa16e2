// Pre-training of a trunk by image classification, as the run engine wants it.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "data/classification/classification_loader.h"
#include "detection/pretraining/classification_data.h"
#include "detection/pretraining/classifier_config.h"
#include "detection/pretraining/image_classifier.h"
#include "nn/training/configured_task.h"
#include "nn/training/trainer.h"

namespace denovo::detection {

class ClassifierTask : public nn::ConfiguredTask<ClassifierConfig> {
 public:
  /// Nothing is read yet. config, logger and group must outlive it.
  ClassifierTask(const ClassifierConfig& config, Device device, Logger& logger,
                 ProcessGroup& group);

  /// Classes are the subfolders of the training folder in the order of their bytes.
  void prepare(nn::RunRecorder& recorder) override;
  const nn::Module& model() const override { return *model_; }
  /// The model's configuration (TOML) and the classes' names by index (JSON).
  Metadata metadata() const override;
  Metadata state() const override;
  /// Refuses other classes and another number of training images.
  std::vector<std::string> resume(nn::Checkpoint& checkpoint) const override;

  void seek(int64_t iteration) override;
  std::span<const nn::MicroBatch> load() override;
  /// loss_cls: cross-entropy, the mean over the images of the update.
  nn::NamedLosses losses(std::span<const Tensor> micro_batch,
                         const nn::LossContext& context) override;

  /// Top-1 and top-5 accuracy on centre crops of the validation images; the value is top-1.
  std::optional<nn::Score> evaluate(int64_t iteration, const std::string& run) override;

 private:
  void read_data(nn::RunRecorder& recorder);
  std::string classes_text() const;  // JSON
  /// Of this rank's images; stops when a signal comes.
  void count(TopCounts& counts);
  /// Names each bad image once, and what becomes of it.
  void warn_of(const data::DecodedImages& images, const char* fate);

  ClassificationData data_;
  std::unique_ptr<ImageClassifier> model_;
  std::optional<data::ClassificationTrainLoader> loader_;
  std::vector<nn::MicroBatch> micro_batches_;
  std::set<std::string> named_bad_images_;
  int64_t num_substitutions_ = 0;  // of which the bad images have been named
};

/// nn::train of a ClassifierTask.
nn::TrainOutcome train(const ClassifierConfig& config, const nn::TrainOptions& options,
                       Logger& logger, ProcessGroup& group = ProcessGroup::alone());

}  // namespace denovo::detection
