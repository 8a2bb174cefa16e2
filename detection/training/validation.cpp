#include "detection/training/validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/autograd.h"
#include "core/error.h"
#include "core/files/signals.h"
#include "core/log/progress.h"
#include "data/loading/loader.h"
#include "detection/evaluation/gather_detections.h"
#include "detection/evaluation/pictures.h"
#include "detection/training/image_files.h"
#include "detection/training/training_step.h"
#include "ops/gradient_norm/gradient_norm.h"

namespace denovo::detection {
namespace {

constexpr int kImagesPerBatch = 4;  // changes speed only

/// Thrown through detect_dataset by its progress callback.
struct SignalCame {};

/// Evaluation mode, without a graph, for a scope.
class EvaluationMode {
 public:
  explicit EvaluationMode(MaskRcnn& model) : model_(model) { model_.train(false); }
  ~EvaluationMode() { model_.train(true); }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  MaskRcnn& model_;
  NoGrad no_grad_;
};

/// The model's class of each category of the validation set, which may lack some.
std::vector<int32_t> model_classes(const data::CocoDataset& dataset,
                                   const data::CocoDataset& train_set) {
  std::vector<int32_t> classes;
  for (const auto& category : dataset.categories()) {
    classes.push_back(train_set.find_category(category.id));
    if (classes.back() < 0) {
      throw IoError(fmt::format("{}: category {} ({}) is not in {}", dataset.path(), category.id,
                                category.name, train_set.path()));
    }
  }
  return classes;
}

std::vector<Metric> score_metrics(const ModelScores& scores) {
  std::vector<Metric> metrics;
  const auto add = [&](const char* type, const data::CocoStats& stats) {
    const auto values = stats.values();
    for (size_t i = 0; i < values.size(); ++i) {
      metrics.push_back({fmt::format("{}/{}", type, data::CocoStats::kNames[i]),
                         values[i] < 0 ? values[i] : 100 * values[i]});
    }
  };
  add("bbox", scores.bbox.stats);
  if (scores.segm) add("segm", scores.segm->stats);
  return metrics;
}

std::string score_line(int64_t iteration, const ModelScores& scores) {
  const auto part = [](const char* kind, const data::CocoStats& stats) {
    return fmt::format("{} AP {:.1f} AP50 {:.1f} AP75 {:.1f}", kind, 100 * stats.AP,
                       100 * stats.AP50, 100 * stats.AP75);
  };
  return fmt::format("iteration {}: {}{}", iteration, part("box", scores.bbox.stats),
                     scores.segm ? ", " + part("mask", scores.segm->stats) : "");
}

}  // namespace

Validation::Validation(const TrainConfig& config, const data::CocoDataset& train_set, Device device,
                       ProcessGroup& group)
    : config_(config),
      device_(device),
      group_(group),
      dataset_(data::read_coco(config.data.path(config.data.val_annotations))) {
  model_classes_ = model_classes(dataset_, train_set);
  for (const auto& category : train_set.categories()) category_ids_.push_back(category.id);
  std::vector<int> images(dataset_.images().size());
  std::iota(images.begin(), images.end(), 0);
  if (config_.eval.max_images > 0 && static_cast<size_t>(config_.eval.max_images) < images.size())
    images.resize(static_cast<size_t>(config_.eval.max_images));
  const std::string root = config_.data.path(config_.data.val_images);
  if (const auto missing = missing_image_files(dataset_, images, root); !missing.empty())
    throw IoError(missing_images_text(dataset_, missing, images.size(), root));
  if (!config_.eval.loss) return;
  view_ = data::judge_dataset(dataset_, {.masks = config_.model.mask.enabled});
  std::copy_if(view_.images.begin(), view_.images.end(), std::back_inserter(loss_images_),
               [&](int image) { return static_cast<size_t>(image) < images.size(); });
  if (loss_images_.empty()) {
    throw IoError(
        fmt::format("{}: eval.loss needs an instance in the images evaluated, got none in {}",
                    dataset_.path(), images.size()));
  }
}

std::optional<std::vector<ImageDetections>> Validation::detect(MaskRcnn& model,
                                                               Logger& logger) const {
  const auto all = static_cast<int64_t>(dataset_.images().size());
  const int64_t limit = config_.eval.max_images;
  Progress progress(logger, "evaluate", limit > 0 ? std::min(limit, all) : all);
  const auto report = [&](int64_t done, int64_t) {
    progress.update(done);
    if (caught_signal()) throw SignalCame();
  };
  std::vector<ImageDetections> own;
  together(group_, [&] {
    try {
      own = detect_dataset(model, dataset_,
                           {.image_root = config_.data.path(config_.data.val_images),
                            .rule = config_.input.test_rule(),
                            .category_ids = category_ids_,
                            .max_images = config_.eval.max_images,
                            .images_per_batch = kImagesPerBatch,
                            .rank = group_.rank(),
                            .num_ranks = group_.size(),
                            .device = device_,
                            .progress = report});
    } catch (const SignalCame&) {
    }
  });
  if (agreed_signal(group_)) return std::nullopt;
  return gather_detections(std::move(own), group_);
}

std::optional<ValidationResult> Validation::run(MaskRcnn& model, const std::string& run,
                                                int64_t iteration, Logger& logger) const {
  const EvaluationMode mode(model);
  // Statistics of batches (BN) are each rank's own; the run keeps those of rank 0.
  model.for_each_buffer(
      [&](const std::string&, const nn::Buffer& buffer) { group_.broadcast(buffer.tensor()); });
  const auto images = detect(model, logger);
  if (!images) return std::nullopt;
  const std::vector<Metric> means = config_.eval.loss ? losses(model) : std::vector<Metric>();
  ValidationResult result;
  together(group_, [&] {
    if (!group_.is_first()) return;
    const ModelScores scores = score_detections(dataset_, *images, config_.model.mask.enabled);
    result = {scores.bbox.stats.AP, score_metrics(scores), scores_text(scores)};
    result.metrics.insert(result.metrics.end(), means.begin(), means.end());
    std::string line = score_line(iteration, scores);
    if (!means.empty()) line += fmt::format(", loss {:.3f}", std::get<double>(means.back().value));
    write_evaluation(fmt::format("{}/eval/{:07d}", run, iteration), *images, scores);
    write_pictures(run + "/vis", iteration, dataset_, config_.data.path(config_.data.val_images),
                   *images, config_.eval.pictures);
    logger.info(line);
  });
  const Tensor box_ap = Tensor::full({1}, result.box_ap, DType::kF64);
  group_.broadcast(box_ap);
  result.box_ap = box_ap.item();
  return result;
}

std::vector<std::string> Validation::add_losses(MaskRcnn& model, double* sums) const {
  data::EvalLoader loader(dataset_, view_, loss_images_,
                          {.builder = {.image_root = config_.data.path(config_.data.val_images),
                                       .rule = config_.input.test_rule(),
                                       .masks = config_.model.mask.enabled},
                           .images_per_batch = kImagesPerBatch},
                          group_.rank(), group_.size());
  const DeviceStepState state(device_);  // iteration 0: always the same samples
  const SamplingKey key{static_cast<uint64_t>(config_.seed), &state};
  std::vector<std::string> names;
  while (const auto batch = loader.next()) {
    for (int32_t& c : std::span(batch->classes.data<int32_t>(), batch->classes.numel()))
      if (c >= 0) c = model_classes_[static_cast<size_t>(c)];
    const DeviceBatch input = prepare(data::upload(*batch, device_), model, DType::kF32);
    const auto count = static_cast<double>(batch->count());
    const auto means = model.losses(input.images, input.gt, key, {.images_per_group = 1}).named();
    names.resize(means.size());
    for (size_t i = 0; i < means.size(); ++i) {
      names[i] = means[i].first;
      sums[i] += means[i].second.item() * count;
    }
  }
  return names;
}

std::vector<Metric> Validation::losses(MaskRcnn& model) const {
  const EvaluationMode mode(model);
  const Tensor sums = Tensor::zeros({ops::kMaxLosses}, DType::kF64);
  std::vector<std::string> names;
  together(group_, [&] { names = add_losses(model, sums.data<double>()); });
  group_.all_reduce(sums);
  if (!group_.is_first()) return {};
  std::vector<Metric> metrics;
  double total = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    const double mean = sums.data<double>()[i] / static_cast<double>(loss_images_.size());
    metrics.push_back({"val_" + names[i], mean});
    total += mean;
  }
  metrics.push_back({"val_total_loss", total});
  return metrics;
}

}  // namespace denovo::detection
