#include "detection/training/training_sample.h"

#include "data/coco/annotation_checks.h"
#include "data/coco/subset.h"
#include "detection/evaluation/detect_together.h"
#include "detection/evaluation/scored_categories.h"
#include "detection/evaluation/usable_images.h"
#include "detection/training/validation.h"
#include "nn/evaluation_mode.h"

namespace denovo::detection {

TrainingSample::TrainingSample(const TrainConfig& config, const TrainingBatches& train_set,
                               Device device, ProcessGroup& group)
    : config_(config),
      train_set_(train_set),
      device_(device),
      group_(group),
      images_(data::subset(train_set.view(), train_set.dataset(), config.eval.train_images,
                           static_cast<uint64_t>(config.seed))
                  .images) {
  if (config.model.mask.enabled) data::require_drawable_masks(train_set.dataset());
  if (config.model.keypoint.enabled)
    data::require_sigmas(train_set.dataset(), config.eval.keypoint_sigmas);
}

std::vector<std::string> TrainingSample::look(Logger& logger) {
  UsableImages usable = usable_images(train_set_.files(), images_,
                                      {.depth = data::Look::kPixels,
                                       .skip_bad = config_.data.skip_bad_images(),
                                       .consequence = "they are left out of the training AP"},
                                      logger, group_);
  images_ = std::move(usable.images);
  return std::move(usable.warnings);
}

std::optional<std::vector<Metric>> TrainingSample::run(MaskRcnn& model, Logger& logger) const {
  const nn::EvaluationMode mode(model, group_);
  const data::CocoDataset& dataset = train_set_.dataset();
  const auto detections = detect_together(model, train_set_.files(), images_,
                                          result_ids(dataset, data::CategoryList::of(dataset)),
                                          config_.input.test_rule(), device_, logger, group_);
  if (!detections) return std::nullopt;
  std::vector<Metric> metrics;
  together(group_, [&] {
    if (!group_.is_first()) return;
    constexpr size_t kApAp50Ap75 = 3;
    metrics = score_metrics(score_detections(dataset, *detections, scored_heads(config_)), "train_",
                            kApAp50Ap75);
  });
  return metrics;
}

}  // namespace denovo::detection
