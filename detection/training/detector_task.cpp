#include "detection/training/detector_task.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "detection/training/build_model.h"
#include "detection/training/device_batch.h"
#include "nn/training/run_recorder.h"

namespace denovo::detection {

DetectorTask::DetectorTask(const TrainConfig& config, Device device, Logger& logger,
                           ProcessGroup& group)
    : ConfiguredTask(config, device, logger, group) {}

void DetectorTask::prepare(nn::RunRecorder& recorder) {
  together(group_, [&] { read_training_set(recorder); });
  try {
    together(group_, [&] { read_validation_set(recorder); });
  } catch (const Error&) {
    // Classes that were renamed match no validation set; that they were is the first thing to say.
    const std::optional<nn::Checkpoint> checkpoint = recorder.newest_checkpoint();
    together(group_, [&] {
      if (checkpoint)
        require_same_classes(*checkpoint, data::CategoryList::of(train_set_->dataset()));
    });
    throw;
  }
  // What fails here would fail later, in the middle of the night.
  for (const std::string& line : train_set_->look(logger_, group_)) recorder.warn(line);
  if (validation_)
    for (const std::string& line : validation_->look(logger_)) recorder.warn(line);
  if (config_.eval.train_images > 0) {
    // Of the images that are left after the look.
    together(group_, [&] { sample_.emplace(config_, *train_set_, device_, group_); });
    for (const std::string& line : sample_->look(logger_)) recorder.warn(line);
  }
  if (agreed_signal(group_)) return;
  together(group_, [&] {
    BuiltModel built = build_model(config_, data::CategoryList::of(train_set_->dataset()), device_);
    for (const std::string& line : built.origin) recorder.announce(line);
    for (const std::string& line : built.warnings) recorder.warn(line);
    model_ = std::move(built.model);
    model_->join(group_);
  });
}

void DetectorTask::read_training_set(nn::RunRecorder& recorder) {
  train_set_.emplace(config_);
  const data::TrainingView& view = train_set_->view();
  if (view.num_dropped > 0 || view.num_box_only > 0) {
    recorder.warn(view.summary());
  } else {
    recorder.announce(view.summary());
  }
  const data::CategoryList classes = data::CategoryList::of(train_set_->dataset());
  const std::vector<std::string> names = data::distinct_names(classes.categories);
  recorder.announce(fmt::format("{} classes: {}", names.size(), data::few_of(names)));
  if (const std::string line = data::nameless_text(classes); !line.empty()) recorder.warn(line);
  fingerprints_.train = data::fingerprint(train_set_->dataset());
}

void DetectorTask::read_validation_set(nn::RunRecorder& recorder) {
  if (config_.data.val_annotations.empty()) return;
  validation_.emplace(config_, train_set_->dataset(), device_, group_);
  fingerprints_.validation = validation_->set().fingerprint();
  for (const std::string& line : validation_->set().doubts()) recorder.warn(line);
  const ScoredCategories& categories = validation_->set().categories();
  if (!categories.ignored.empty()) recorder.warn(categories.ignored);
  if (!categories.missing.empty()) recorder.announce(categories.missing);
}

std::vector<std::string> DetectorTask::resume(nn::Checkpoint& checkpoint) const {
  const std::string& validation = config_.data.val_annotations;
  const RunData now{data::CategoryList::of(train_set_->dataset()),
                    validation.empty() ? validation : config_.data.path(validation), fingerprints_};
  return accept_data(checkpoint, now, config_.data.allow_changes);
}

Metadata DetectorTask::metadata() const {
  return model_metadata(config_, train_set_->dataset());
}

void DetectorTask::seek(int64_t iteration) {
  train_set_->seek(iteration, group_);
}

std::span<const nn::MicroBatch> DetectorTask::load() {
  micro_batches_.clear();
  try {
    for (const data::Batch& batch : train_set_->next())
      micro_batches_.push_back(micro_batch_of(batch));
  } catch (const IoError& error) {
    throw IoError(fmt::format("{}; {}", error.what(),
                              config_.data.skip_bad_images()
                                  ? "no image of its padded size can take its place"
                                  : "data.on_bad_image=skip goes on without it"));
  }
  for (const std::string& line : train_set_->new_substitutions())
    logger_.warn(fmt::format("{}; another image takes its place", line));
  return micro_batches_;
}

nn::NamedLosses DetectorTask::losses(std::span<const Tensor> micro_batch,
                                     const nn::LossContext& context) {
  return detector_losses(*model_, config_, micro_batch, context);
}

std::optional<nn::Score> DetectorTask::evaluate(int64_t iteration, const std::string& run) {
  if (!validation_) return std::nullopt;
  std::vector<Metric> of_sample;
  if (sample_) {
    auto metrics = sample_->run(*model_, logger_);
    if (!metrics) return std::nullopt;
    of_sample = std::move(*metrics);
  }
  auto score = validation_->run(*model_, run, iteration, logger_);
  if (score) score->metrics.insert(score->metrics.end(), of_sample.begin(), of_sample.end());
  return score;
}

nn::NamedLosses detector_losses(MaskRcnn& model, const TrainConfig& config,
                                std::span<const Tensor> micro_batch, const nn::LossContext& context,
                                const StageTap& tap) {
  const DeviceBatch batch = prepare(data::batch_of(micro_batch), model, context.dtype);
  const int64_t images = batch.images.count();
  const int64_t per_group = std::min<int64_t>(config.solver.images_per_group, images);
  const LossGroups groups{static_cast<int>(per_group),
                          images / per_group * context.num_micro_batches};
  const SamplingKey key{static_cast<uint64_t>(config.seed), context.state};
  return model.losses(batch.images, batch.gt, key, groups, tap);
}

nn::TrainOutcome train(const TrainConfig& config, const nn::TrainOptions& options, Logger& logger,
                       ProcessGroup& group) {
  DetectorTask task(config, options.device, logger, group);
  return nn::train(task, options, logger, group);
}

}  // namespace denovo::detection
