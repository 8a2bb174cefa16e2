#include "detection/training/evaluate_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/log/progress.h"
#include "data/coco/annotation_checks.h"
#include "detection/evaluation/scored_categories.h"
#include "detection/evaluation/usable_images.h"
#include "detection/training/train_config.h"
#include "detection/weights/detector_file.h"

namespace denovo::detection {

std::vector<data::EvaluationResult> evaluate_run(const EvaluateRunOptions& options,
                                                 Logger& logger) {
  const DetectorFile file(model_file_of_run(options.run, options.checkpoint));
  TrainConfig run;  // a model file says what its weights mean, not where the data were
  ConfigFields::of(run).read_file(options.run + "/config.toml");
  const DataConfig& data = run.data;
  if (options.annotations.empty() && data.val_annotations.empty())
    throw ConfigError(
        fmt::format("{}: the run has no validation set; give annotations and images", options.run));
  data::CocoDataset dataset = data::read_coco(
      options.annotations.empty() ? data.path(data.val_annotations) : options.annotations,
      data::StructuralDefects::kCollect);
  dataset.require_well_formed();
  data::require_drawable_masks(dataset);
  const ScoredCategories categories = match_to_model(
      dataset, file.class_list(), options.ignore_unknown_classes || run.eval.ignore_unknown_classes,
      "--ignore-unknown-classes");
  const data::ImageFiles files(dataset,
                               options.images.empty() ? data.path(data.val_images) : options.images,
                               data.allow_parent_folders);
  const auto on_bad = options.on_bad_image.value_or(data.on_bad_image);
  const UsableImages usable = usable_images(
      files, data::first_images(dataset),
      {.skip_bad = on_bad == data::OnBadImage::kSkip, .consequence = "they are left out of the AP"},
      logger);
  for (const std::string& line : usable.warnings) logger.warn(line);
  if (file.config.model.mask.enabled)
    if (const std::string line = data::missing_masks_text(dataset); !line.empty())
      logger.warn(line);
  const auto model = file.load(options.device);
  Progress progress(logger, "detect", static_cast<int64_t>(usable.images.size()),
                    {.unit = "images"});
  const auto images =
      detect_dataset(*model, files,
                     {.rule = file.config.input.test_rule(),
                      .category_ids = categories.category_ids,
                      .images = usable.images,
                      .images_per_batch = 4,
                      .device = options.device,
                      .progress = [&](int64_t done, int64_t) { progress.update(done); }});
  ModelScores scores = score_detections(dataset, images, file.config.model.mask.enabled);
  std::vector<data::EvaluationResult> results;
  const auto wanted = [&](data::IouType type) {
    return options.types.empty() ||
           std::find(options.types.begin(), options.types.end(), type) != options.types.end();
  };
  if (wanted(data::IouType::kBbox)) results.push_back(std::move(scores.bbox));
  if (wanted(data::IouType::kSegm) && scores.segm) results.push_back(std::move(*scores.segm));
  if (results.empty())
    throw IoError(fmt::format("{}: no masks to score, the model or {} has none", file.path(),
                              dataset.path()));
  for (const std::string& line : {categories.ignored, categories.missing})
    if (!line.empty()) results.front().warnings.push_back(line);
  return results;
}

}  // namespace denovo::detection
