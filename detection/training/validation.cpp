#include "detection/training/validation.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "data/loading/loader.h"
#include "detection/evaluation/pictures.h"
#include "detection/training/device_batch.h"
#include "nn/evaluation_mode.h"
#include "ops/gradient_norm/gradient_norm.h"

namespace denovo::detection {
namespace {

constexpr int kImagesPerBatch = 4;  // of the losses; changes speed only

std::string score_line(int64_t iteration, const ModelScores& scores) {
  const auto part = [](const char* kind, const data::CocoStats& stats) {
    if (stats.AP < 0) return fmt::format("{} AP undefined (no ground truth)", kind);
    return fmt::format("{} AP {:.1f} AP50 {:.1f} AP75 {:.1f}", kind, 100 * stats.AP,
                       100 * stats.AP50, 100 * stats.AP75);
  };
  std::string line = fmt::format("iteration {}: {}", iteration, part("box", scores.bbox.stats));
  if (scores.segm) line += ", " + part("mask", scores.segm->stats);
  if (scores.keypoints) line += ", " + part("keypoint", scores.keypoints->stats);
  if (scores.voc && scores.voc->mAP >= 0)
    line += fmt::format(", {} mAP {:.1f}", scores.voc->name(), 100 * scores.voc->mAP);
  return line;
}

}  // namespace

ScoredHeads scored_heads(const TrainConfig& config) {
  return {.masks = config.model.mask.enabled,
          .keypoints = config.model.keypoint.enabled,
          .sigmas = config.eval.keypoint_sigmas,
          .voc = config.eval.voc};
}

Validation::Validation(const TrainConfig& config, const data::CocoDataset& train_set, Device device,
                       ProcessGroup& group)
    : config_(config),
      device_(device),
      group_(group),
      set_({.annotations = config.data.path(config.data.val_annotations),
            .images = config.data.path(config.data.val_images),
            .allow_parent_folders = config.data.allow_parent_folders,
            .max_images = config.eval.max_images,
            .masks = config.model.mask.enabled,
            .num_keypoints = config.model.keypoint.count(),
            .sigmas = config.eval.keypoint_sigmas,
            .ignore_unknown_classes = config.eval.ignore_unknown_classes,
            .skip_bad_images = config.data.skip_bad_images()},
           data::CategoryList::of(train_set)) {
  if (!config_.eval.loss) return;
  view_ = data::judge_dataset(set_.dataset(), {.masks = config_.model.mask.enabled,
                                               .num_keypoints = config_.model.keypoint.count()});
  choose_loss_images();
}

void Validation::choose_loss_images() {
  loss_images_.clear();
  std::set_intersection(view_.images.begin(), view_.images.end(), set_.images().begin(),
                        set_.images().end(), std::back_inserter(loss_images_));
  if (loss_images_.empty()) {
    throw IoError(
        fmt::format("{}: eval.loss needs an instance in the images evaluated, got none in {}",
                    set_.dataset().path(), set_.images().size()));
  }
}

std::vector<std::string> Validation::look(Logger& logger) {
  std::vector<std::string> warnings = set_.look(logger, group_);
  if (config_.eval.loss) together(group_, [&] { choose_loss_images(); });
  return warnings;
}

std::optional<nn::Score> Validation::run(MaskRcnn& model, const std::string& run, int64_t iteration,
                                         Logger& logger) const {
  const nn::EvaluationMode mode(model, group_);
  const auto images = set_.detect(model, config_.input.test_rule(), device_, logger, group_);
  if (!images) return std::nullopt;
  const std::vector<Metric> means = config_.eval.loss ? losses(model) : std::vector<Metric>();
  nn::Score score;
  together(group_, [&] {
    if (!group_.is_first()) return;
    const ModelScores scores = score_detections(set_.dataset(), *images, scored_heads(config_));
    score = {scores.bbox.stats.AP, score_metrics(scores), scores_text(scores)};
    score.metrics.insert(score.metrics.end(), means.begin(), means.end());
    std::string line = score_line(iteration, scores);
    if (!means.empty()) line += fmt::format(", loss {:.3f}", std::get<double>(means.back().value));
    write_evaluation(fmt::format("{}/eval/{:07d}", run, iteration), *images, scores);
    write_pictures(run + "/vis", iteration, set_.files(), *images, config_.eval.pictures);
    logger.info(line);
  });
  const Tensor box_ap = Tensor::full({1}, score.value, DType::kF64);
  group_.broadcast(box_ap);
  score.value = box_ap.item();
  return score;
}

std::vector<std::string> Validation::add_losses(MaskRcnn& model, double* sums) const {
  data::EvalLoader loader(set_.files(), view_, loss_images_,
                          {.builder = {.rule = config_.input.test_rule(),
                                       .masks = config_.model.mask.enabled,
                                       .keypoint_offset = config_.model.keypoint.offset()},
                           .images_per_batch = kImagesPerBatch},
                          group_.rank(), group_.size());
  const DeviceStepState state(device_);  // iteration 0: always the same samples
  const SamplingKey key{static_cast<uint64_t>(config_.seed), &state};
  std::vector<std::string> names;
  while (const auto batch = loader.next()) {
    for (int32_t& c : std::span(batch->classes.data<int32_t>(), batch->classes.numel()))
      if (c >= 0) c = set_.categories().model_classes[static_cast<size_t>(c)];
    const DeviceBatch input =
        prepare(data::batch_of(upload(data::tensors_of(*batch), device_)), model, DType::kF32);
    const auto count = static_cast<double>(batch->count());
    const auto means = model.losses(input.images, input.gt, key, {.images_per_group = 1});
    names.resize(means.size());
    for (size_t i = 0; i < means.size(); ++i) {
      names[i] = means[i].first;
      sums[i] += means[i].second.item() * count;
    }
  }
  return names;
}

std::vector<Metric> Validation::losses(MaskRcnn& model) const {
  const nn::EvaluationMode mode(model);
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
