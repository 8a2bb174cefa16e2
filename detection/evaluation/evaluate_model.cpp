#include "detection/evaluation/evaluate_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/files/atomic_write.h"
#include "data/coco/annotation_checks.h"
#include "data/coco/keypoints.h"
#include "data/coco/results.h"
#include "data/coco/training_view.h"
#include "data/evaluation/report.h"
#include "data/loading/loader.h"
#include "detection/prediction/detect_image.h"
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

/// Hands the detections of each batch to `take`.
template <class Take>
void detect_in_batches(MaskRcnn& model, const data::ImageFiles& files,
                       const std::vector<int>& images, const EvaluateModelOptions& options,
                       const Take& take) {
  data::TrainingView no_objects;
  no_objects.first_instance = {0};
  data::EvalLoader loader(files, no_objects, images,
                          {.builder = {.rule = options.rule, .masks = false},
                           .images_per_batch = options.images_per_batch,
                           .threads = options.loader_threads},
                          options.rank, options.num_ranks);
  while (const auto batch = loader.next())
    take(post_process(model.detect(network_input(*batch, model, options.device)),
                      batch->image_sizes, batch->original_sizes, batch->image_ids,
                      options.category_ids, model.config()));
}

/// An image at a time. Decoding costs little beside the passes over it.
template <class Take>
void detect_augmented(const data::ImageFiles& files, const std::vector<int>& images,
                      const EvaluateModelOptions& options, const Take& take) {
  for (size_t i = static_cast<size_t>(options.rank); i < images.size();
       i += static_cast<size_t>(options.num_ranks)) {
    const int64_t id = files.dataset().images()[static_cast<size_t>(images[i])].id;
    std::vector<ImageDetections> one;
    one.push_back(options.augmented->detect(files.read(images[i]), id, options.category_ids));
    take(std::move(one));
  }
}

}  // namespace

std::vector<ImageDetections> detect_dataset(MaskRcnn& model, const data::ImageFiles& files,
                                            const EvaluateModelOptions& options) {
  const nn::EvaluationMode mode(model);
  const std::vector<int> images =
      options.images ? *options.images : data::first_images(files.dataset());
  std::vector<ImageDetections> all;
  const auto take = [&](std::vector<ImageDetections> found) {
    std::move(found.begin(), found.end(), std::back_inserter(all));
    const auto total = static_cast<int64_t>(images.size());
    if (options.progress)  // the other ranks are about as far
      options.progress(std::min(total, static_cast<int64_t>(all.size()) * options.num_ranks),
                       total);
  };
  if (options.augmented)
    detect_augmented(files, images, options, take);
  else
    detect_in_batches(model, files, images, options, take);
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.image_id < b.image_id; });
  return all;
}

std::vector<const data::EvaluationResult*> ModelScores::all() const {
  std::vector<const data::EvaluationResult*> results{&bbox};
  if (segm) results.push_back(&*segm);
  if (keypoints) results.push_back(&*keypoints);
  return results;
}

ModelScores score_detections(const data::CocoDataset& dataset,
                             std::span<const ImageDetections> images, const ScoredHeads& heads) {
  const std::vector<data::Detection> all = flatten(images);
  data::EvaluationOptions options;
  options.sigmas = heads.sigmas;
  options.confusion = heads.confusion;
  options.images.emplace();
  for (const ImageDetections& image : images)
    options.images->push_back(dataset.find_image(image.image_id));
  ModelScores scores{data::evaluate_coco(dataset, all, data::IouType::kBbox, options), {}, {}, {}};
  if (heads.masks && data::has_segmentations(dataset))
    scores.segm = data::evaluate_coco(dataset, all, data::IouType::kSegm, options);
  if (heads.keypoints && !data::keypoint_names(dataset).empty())
    scores.keypoints = data::evaluate_coco(dataset, all, data::IouType::kKeypoints, options);
  if (heads.voc != data::VocRule::kNone)
    scores.voc = data::evaluate_voc(dataset, all, heads.voc, options);
  return scores;
}

std::vector<Metric> score_metrics(const ModelScores& scores, const std::string& prefix,
                                  size_t count) {
  std::vector<Metric> metrics;
  for (const data::EvaluationResult* result : scores.all()) {
    const auto numbers = result->numbers();
    for (size_t i = 0; i < std::min(count, numbers.size()); ++i)
      if (const auto& [name, value] = numbers[i]; value >= 0)
        metrics.push_back(
            {fmt::format("{}{}/{}", prefix, data::iou_type_name(result->iou_type), name),
             100 * value});
  }
  if (scores.voc && scores.voc->mAP >= 0)
    metrics.push_back({fmt::format("{}{}/mAP", prefix, scores.voc->name()), 100 * scores.voc->mAP});
  return metrics;
}

void write_evaluation(const std::string& directory, std::span<const ImageDetections> images,
                      const ModelScores& scores) {
  create_directories(directory);
  data::write_results(
      directory + "/coco_instances_results.json", flatten(images),
      {.boxes = true, .masks = scores.segm.has_value(), .keypoints = scores.keypoints.has_value()});
  for (const data::EvaluationResult* result : scores.all())
    replace_file(fmt::format("{}/{}.json", directory, data::iou_type_name(result->iou_type)),
                 data::result_json(*result) + "\n");
  if (scores.voc)
    replace_file(fmt::format("{}/{}.json", directory, scores.voc->name()),
                 data::result_json(*scores.voc) + "\n");
  replace_file(directory + "/summary.txt", scores_text(scores));
}

std::string scores_text(const ModelScores& scores) {
  std::string text;
  for (const data::EvaluationResult* result : scores.all())
    text +=
        fmt::format("{}\n{}", data::iou_type_name(result->iou_type), data::summary_text(*result));
  if (scores.voc) text += scores.voc->name() + "\n" + data::summary_text(*scores.voc);
  return text;
}

}  // namespace denovo::detection
