#include "detection/pretraining/classifier_task.h"

#include <fmt/format.h>

#include <utility>

#include "core/error.h"
#include "core/files/json_writer.h"
#include "core/files/signals.h"
#include "core/log/progress.h"
#include "core/program/version.h"
#include "core/tensor/transfer.h"
#include "detection/config/model_file_config.h"
#include "nn/evaluation_mode.h"
#include "nn/training/run_recorder.h"
#include "ops/softmax_cross_entropy/softmax_cross_entropy.h"

namespace denovo::detection {
namespace {

/// Tensors of a micro-batch.
enum { kImages, kSizes, kLabels, kIds };

Tensor sizes_of(const Tensor& images) {
  const auto height = static_cast<int32_t>(images.size(1)),
             width = static_cast<int32_t>(images.size(2));
  std::vector<int32_t> sizes;
  for (int64_t i = 0; i < images.size(0); ++i) sizes.insert(sizes.end(), {height, width});
  return Tensor::from({images.size(0), 2}, sizes);
}

/// One object in every image.
nn::MicroBatch micro_batch_of(const data::ClassificationBatch& batch) {
  const int64_t n = batch.count();
  return {.tensors = {batch.images, sizes_of(batch.images), batch.labels, batch.image_ids},
          .counts = {n, n, n * batch.images.size(1) * batch.images.size(2)},
          .image_ids = batch.image_ids.to_vector<int64_t>()};
}

}  // namespace

ClassifierTask::ClassifierTask(const ClassifierConfig& config, Device device, Logger& logger,
                               ProcessGroup& group)
    : ConfiguredTask(config, device, logger, group) {}

void ClassifierTask::prepare(nn::RunRecorder& recorder) {
  together(group_, [&] { read_data(recorder); });
}

void ClassifierTask::read_data(nn::RunRecorder& recorder) {
  data_ = read_classification_data(config_);
  const auto num_classes = static_cast<int>(data_.train.classes.size());
  recorder.announce(fmt::format("data: {} classes, {} training and {} validation images",
                                num_classes, data_.train.images.size(),
                                data_.validation.images.size()));
  model_ = std::make_unique<ImageClassifier>(config_.model, num_classes);
  model_->reallocate(DType::kF32, device_);
  model_->initialize(static_cast<uint64_t>(config_.seed));
  model_->join(group_);
}

std::string ClassifierTask::classes_text() const {
  JsonWriter classes;
  classes.begin_array();
  for (const std::string& name : data_.train.classes) classes.value(name);
  classes.end_array();
  return classes.text();
}

Metadata ClassifierTask::metadata() const {
  return {{"format", "denovo"},
          {"version", version_text()},
          {"config", trunk_config_text(config_.model.backbone, config_.model.pixel)},
          {"classes", classes_text()}};
}

Metadata ClassifierTask::state() const {
  return {{"classes", classes_text()},
          {"train_images", fmt::format("{}", data_.train.images.size())}};
}

std::vector<std::string> ClassifierTask::resume(nn::Checkpoint& checkpoint) const {
  const Metadata now = state();
  for (const auto& [name, text] : checkpoint.state.task)
    for (const auto& [key, today] : now)
      if (key == name && text != today)
        throw IoError(fmt::format("{}: a resumed run must keep its {}: {} before, {} now",
                                  data_.train.root, name, text, today));
  return {};
}

void ClassifierTask::seek(int64_t iteration) {
  loader_.emplace(data_.train, config_.loader_options(group_.size()), iteration, group_.rank(),
                  group_.size());
}

std::span<const nn::MicroBatch> ClassifierTask::load() {
  micro_batches_.clear();
  for (int i = 0; i < config_.solver.accumulate; ++i)
    micro_batches_.push_back(micro_batch_of(loader_->next()));
  const int64_t substitutions = loader_->images().num_substitutions();
  if (std::exchange(num_substitutions_, substitutions) != substitutions)
    warn_of(loader_->images(), "another image takes its place");
  return micro_batches_;
}

void ClassifierTask::warn_of(const data::DecodedImages& images, const char* fate) {
  for (const std::string& line : images.bad_images())
    if (named_bad_images_.insert(line).second) logger_.warn(fmt::format("{}; {}", line, fate));
}

nn::NamedLosses ClassifierTask::losses(std::span<const Tensor> micro_batch,
                                       const nn::LossContext& context) {
  const Tensor& labels = micro_batch[kLabels];
  const int64_t n = labels.size(0);
  const Tensor weights = Tensor::full({n}, 1.0 / static_cast<double>(n * context.num_micro_batches),
                                      compute_dtype(context.dtype), device_);
  const ops::DropoutRows rows{.seed = static_cast<uint64_t>(config_.seed),
                              .step = context.state->get(),
                              .image_ids = micro_batch[kIds]};
  const Tensor logits =
      model_->forward(micro_batch[kImages], micro_batch[kSizes], context.dtype, rows);
  return {{"loss_cls",
           ops::softmax_cross_entropy(logits, labels, weights, config_.loss.label_smoothing)}};
}

void ClassifierTask::count(TopCounts& counts) {
  data::ClassificationEvalLoader loader(data_.validation, config_.loader_options(group_.size()),
                                        group_.rank(), group_.size());
  Progress progress(logger_, "evaluate", std::ssize(data_.validation.images));
  while (const auto batch = loader.next()) {
    warn_of(loader.images(), "it is left out of the accuracy");
    if (batch->count() == 0) continue;
    const nn::MicroBatch input = micro_batch_of(*batch);
    const auto tensors = upload(input.tensors, device_);
    counts.add(model_->forward(tensors[kImages], tensors[kSizes], config_.solver.dtype()),
               batch->labels);
    progress.update(counts.images * group_.size());
    if (caught_signal()) return;
  }
}

std::optional<nn::Score> ClassifierTask::evaluate(int64_t iteration, const std::string&) {
  if (data_.validation.images.empty()) return std::nullopt;
  const nn::EvaluationMode mode(*model_, group_);
  TopCounts counts;
  together(group_, [&] { count(counts); });
  if (agreed_signal(group_)) return std::nullopt;
  const Tensor sums = Tensor::from<double>(
      {3}, {static_cast<double>(counts.images), static_cast<double>(counts.top1),
            static_cast<double>(counts.top5)});
  group_.all_reduce(sums);
  const auto sum = sums.to_vector<double>();
  if (sum[0] == 0)
    throw IoError(fmt::format("{}: at least one of the {} images must be readable, got none",
                              data_.validation.root, data_.validation.images.size()));
  const double top1 = sum[1] / sum[0], top5 = sum[2] / sum[0];
  const std::string line =
      fmt::format("top-1 {:.1f} %, top-5 {:.1f} % of {} images", 100 * top1, 100 * top5, sum[0]);
  if (group_.is_first()) logger_.info(fmt::format("iteration {}: {}", iteration, line));
  return nn::Score{top1, {{"top1", 100 * top1}, {"top5", 100 * top5}}, line + "\n"};
}

nn::TrainOutcome train(const ClassifierConfig& config, const nn::TrainOptions& options,
                       Logger& logger, ProcessGroup& group) {
  ClassifierTask task(config, options.device, logger, group);
  return nn::train(task, options, logger, group);
}

}  // namespace denovo::detection
