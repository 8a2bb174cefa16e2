#include "detection/training/evaluate_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "detection/evaluation/evaluation_set.h"
#include "detection/training/train_config.h"
#include "detection/weights/detector_file.h"

namespace denovo::detection {

data::EvaluationReport evaluate_run(const EvaluateRunOptions& options, Logger& logger) {
  const DetectorFile file(model_file_of_run(options.run, options.checkpoint));
  TrainConfig run;  // a model file says what its weights mean, not where the data were
  ConfigFields::of(run).read_file(options.run + "/config.toml");
  const DataConfig& data = run.data;
  if (options.annotations.empty() && data.val_annotations.empty())
    throw ConfigError(
        fmt::format("{}: the run has no validation set; give annotations and images", options.run));
  const bool own = options.annotations.empty();
  const ScoredHeads heads{
      .masks = file.config.model.mask.enabled,
      .keypoints = file.config.model.keypoint.enabled,
      .sigmas = options.sigmas.empty() ? run.eval.keypoint_sigmas : options.sigmas,
      .confusion = options.confusion,
      .voc = options.voc.value_or(run.eval.voc)};
  EvaluationSet set(
      {.annotations = own ? data.path(data.val_annotations) : options.annotations,
       .images = options.images.empty() ? data.path(data.val_images) : options.images,
       .allow_parent_folders = options.allow_parent_folders || data.allow_parent_folders,
       .parent_folders_remedy = "--allow-parent-folders",
       .max_images = own ? run.eval.max_images : 0,
       .masks = heads.masks,
       .num_keypoints = file.config.model.keypoint.count(),
       .sigmas = heads.sigmas,
       .ignore_unknown_classes = options.ignore_unknown_classes || run.eval.ignore_unknown_classes,
       .unknown_classes_remedy = "--ignore-unknown-classes",
       .skip_bad_images =
           options.on_bad_image.value_or(data.on_bad_image) == data::OnBadImage::kSkip},
      file.class_list());
  for (const std::string& line : set.doubts()) logger.warn(line);
  for (const std::string& line : set.look(logger)) logger.warn(line);
  const auto model = file.load(options.device);
  const data::InputRule rule = file.config.input.test_rule();
  std::optional<AugmentedDetector> augmented;
  if (options.tta)
    augmented.emplace(*model, *options.tta, rule, options.device, file.keypoint_names());
  const auto images = set.detect(*model, rule, options.device, logger, ProcessGroup::alone(),
                                 augmented ? &*augmented : nullptr);
  ModelScores scores = score_detections(set.dataset(), images.value(), heads);
  if (augmented && !images->empty()) logger.info(augmented->cost());
  data::EvaluationReport report;
  const auto wanted = [&](data::IouType type) {
    return options.types.empty() ||
           std::find(options.types.begin(), options.types.end(), type) != options.types.end();
  };
  if (wanted(data::IouType::kBbox)) report.coco.push_back(std::move(scores.bbox));
  if (wanted(data::IouType::kSegm) && scores.segm) report.coco.push_back(std::move(*scores.segm));
  if (wanted(data::IouType::kKeypoints) && scores.keypoints)
    report.coco.push_back(std::move(*scores.keypoints));
  if (report.coco.empty())
    throw IoError(fmt::format("{}: no {} to score, the model or {} has none", file.path(),
                              options.types.front() == data::IouType::kSegm ? "masks" : "keypoints",
                              set.dataset().path()));
  for (const std::string& line : {set.categories().ignored, set.categories().missing})
    if (!line.empty()) report.coco.front().warnings.push_back(line);
  if (wanted(data::IouType::kBbox)) report.voc = std::move(scores.voc);
  return report;
}

}  // namespace denovo::detection
