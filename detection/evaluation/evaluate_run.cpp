#include "detection/evaluation/evaluate_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "detection/weights/detector_file.h"

namespace denovo::detection {

std::vector<data::EvaluationResult> evaluate_run(const EvaluateRunOptions& options) {
  const DetectorFile file(model_file_of_run(options.run, options.checkpoint));
  TrainConfig run;  // a model file says what its weights mean, not where the data were
  ConfigFields::of(run).read_file(options.run + "/config.toml");
  const DataConfig& data = run.data;
  if (options.annotations.empty() && data.val_annotations.empty())
    throw ConfigError(
        fmt::format("{}: the run has no validation set; give annotations and images", options.run));
  const data::CocoDataset dataset = data::read_coco(
      options.annotations.empty() ? data.path(data.val_annotations) : options.annotations,
      data::StructuralDefects::kCollect);
  dataset.require_well_formed();
  const auto model = file.load(options.device);
  const auto images = detect_dataset(
      *model, dataset,
      {.image_root = options.images.empty() ? data.path(data.val_images) : options.images,
       .rule = file.config.input.test_rule(),
       .category_ids = file.category_ids(),
       .images_per_batch = 4,
       .device = options.device,
       .progress = options.progress});
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
  return results;
}

}  // namespace denovo::detection
