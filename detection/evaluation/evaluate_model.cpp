#include "detection/evaluation/evaluate_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/files/atomic_write.h"
#include "core/files/json_writer.h"
#include "data/coco/annotation_checks.h"
#include "data/coco/results.h"
#include "data/coco/training_view.h"
#include "data/loading/loader.h"
#include "nn/evaluation_mode.h"

namespace denovo::detection {
namespace {

/// All detections of all images in one list, the order in which the evaluation breaks ties.
std::vector<data::Detection> flatten(std::span<const ImageDetections> images) {
  std::vector<data::Detection> all;
  for (const ImageDetections& image : images)
    all.insert(all.end(), image.detections.begin(), image.detections.end());
  return all;
}

std::string result_json(const data::EvaluationResult& result) {
  JsonWriter json;
  json.begin_object();
  const auto values = result.stats.values();
  for (size_t i = 0; i < values.size(); ++i) json.field(data::CocoStats::kNames[i], values[i]);
  json.key("per_category").begin_object();
  for (const auto& category : result.per_category) json.field(category.name, category.AP);
  json.end_object().end_object();
  return json.text() + "\n";
}

}  // namespace

std::vector<ImageDetections> detect_dataset(MaskRcnn& model, const data::ImageFiles& files,
                                            const EvaluateModelOptions& options) {
  const nn::EvaluationMode mode(model);
  const data::CocoDataset& dataset = files.dataset();
  const std::vector<int> images = options.images ? *options.images : data::first_images(dataset);

  data::TrainingView no_objects;
  no_objects.first_instance = {0};
  data::EvalLoader loader(files, no_objects, images,
                          {.builder = {.rule = options.rule, .masks = false},
                           .images_per_batch = options.images_per_batch,
                           .threads = options.loader_threads},
                          options.rank, options.num_ranks);
  std::vector<ImageDetections> all;
  while (const auto batch = loader.next()) {
    const Tensor sizes = batch->image_sizes.to(options.device);
    const ImageBatch input{model.normalize(batch->images.to(options.device), sizes, DType::kF32),
                           sizes, batch->image_ids};
    auto found =
        post_process(model.detect(input), batch->image_sizes, batch->original_sizes,
                     batch->image_ids, options.category_ids, model.config().test.mask_paste);
    std::move(found.begin(), found.end(), std::back_inserter(all));
    const auto total = static_cast<int64_t>(images.size());
    if (options.progress)  // the other ranks are about as far
      options.progress(std::min(total, static_cast<int64_t>(all.size()) * options.num_ranks),
                       total);
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.image_id < b.image_id; });
  return all;
}

ModelScores score_detections(const data::CocoDataset& dataset,
                             std::span<const ImageDetections> images, bool masks) {
  const std::vector<data::Detection> all = flatten(images);
  data::EvaluationOptions options;
  options.images.emplace();
  for (const ImageDetections& image : images)
    options.images->push_back(dataset.find_image(image.image_id));
  ModelScores scores{data::evaluate_coco(dataset, all, data::IouType::kBbox, options), {}};
  if (masks && data::has_segmentations(dataset)) {
    scores.segm = data::evaluate_coco(dataset, all, data::IouType::kSegm, options);
  }
  return scores;
}

std::vector<Metric> score_metrics(const ModelScores& scores, const std::string& prefix,
                                  size_t count) {
  std::vector<Metric> metrics;
  const auto add = [&](const char* type, const data::CocoStats& stats) {
    const auto values = stats.values();
    for (size_t i = 0; i < count; ++i)
      if (values[i] >= 0)
        metrics.push_back(
            {fmt::format("{}{}/{}", prefix, type, data::CocoStats::kNames[i]), 100 * values[i]});
  };
  add("bbox", scores.bbox.stats);
  if (scores.segm) add("segm", scores.segm->stats);
  return metrics;
}

void write_evaluation(const std::string& directory, std::span<const ImageDetections> images,
                      const ModelScores& scores) {
  create_directories(directory);
  data::write_results(directory + "/coco_instances_results.json", flatten(images),
                      {.boxes = true, .masks = scores.segm.has_value()});
  replace_file(directory + "/bbox.json", result_json(scores.bbox));
  if (scores.segm) replace_file(directory + "/segm.json", result_json(*scores.segm));
  replace_file(directory + "/summary.txt", scores_text(scores));
}

std::string scores_text(const ModelScores& scores) {
  std::string text = "bbox\n" + data::summary_text(scores.bbox.stats);
  if (scores.segm) text += "segm\n" + data::summary_text(scores.segm->stats);
  return text;
}

}  // namespace denovo::detection
