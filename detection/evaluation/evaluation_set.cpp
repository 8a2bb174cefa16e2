#include "detection/evaluation/evaluation_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"
#include "data/coco/annotation_checks.h"
#include "data/coco/keypoints.h"
#include "data/coco/training_refusal.h"
#include "data/evaluation/coco_evaluation.h"
#include "detection/evaluation/detect_together.h"
#include "detection/evaluation/usable_images.h"

namespace denovo::detection {
namespace {

data::CocoDataset read(const EvaluationSetOptions& options) {
  data::CocoDataset dataset =
      data::read_coco(options.annotations, data::StructuralDefects::kThrow,
                      data::part_for(options.masks, options.num_keypoints > 0));
  if (const std::string text = data::normalised_text(dataset, options.masks); !text.empty())
    throw IoError(text);
  return dataset;
}

/// A set without keypoints is scored on its boxes alone.
void require_keypoints_of_model(const data::CocoDataset& dataset,
                                const EvaluationSetOptions& options,
                                const data::CategoryList& model) {
  const auto names = data::keypoint_names(dataset);
  if (options.num_keypoints == 0 || names.empty()) return;
  for (const std::string& text : {data::differing_keypoints_text(dataset),
                                  data::keypoint_count_text(dataset, options.num_keypoints)})
    if (!text.empty()) throw IoError(text);
  for (const data::CocoCategory& category : model.categories)
    if (!category.keypoints.empty() && !std::ranges::equal(category.keypoints, names))
      throw IoError(fmt::format("{}: keypoints must be those of {} in its order, got {}",
                                dataset.path(), model.file, fmt::join(names, ", ")));
  data::require_sigmas(dataset, options.sigmas);
}

}  // namespace

EvaluationSet::EvaluationSet(EvaluationSetOptions options, const data::CategoryList& model)
    : options_(std::move(options)),
      dataset_(read(options_)),
      fingerprint_(data::fingerprint(dataset_)),
      categories_(match_to_model(dataset_, model, options_.ignore_unknown_classes,
                                 options_.unknown_classes_remedy)),
      files_(dataset_, options_.images, options_.allow_parent_folders,
             options_.parent_folders_remedy),
      images_(data::first_images(dataset_, options_.max_images)) {
  data::require_drawable_masks(dataset_);
  require_keypoints_of_model(dataset_, options_, model);
}

std::vector<std::string> EvaluationSet::doubts() const {
  std::vector<std::string> lines;
  const data::TrainingView view =
      data::judge_dataset(dataset_, {.masks = options_.masks, .max_bad_fraction = 1});
  if (view.num_dropped > 0)
    lines.push_back(
        fmt::format("{}: {} of {} objects are degenerate and count in the AP all the same{}",
                    dataset_.path(), view.num_dropped, view.num_instances(), view.example_text()));
  if (options_.masks)
    if (std::string line = data::missing_masks_text(dataset_); !line.empty())
      lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> EvaluationSet::look(Logger& logger, ProcessGroup& group) {
  UsableImages usable = usable_images(files_, images_,
                                      {.depth = data::Look::kPixels,
                                       .skip_bad = options_.skip_bad_images,
                                       .consequence = "they are left out of the AP"},
                                      logger, group);
  images_ = std::move(usable.images);
  return std::move(usable.warnings);
}

std::optional<std::vector<ImageDetections>> EvaluationSet::detect(
    MaskRcnn& model, const data::InputRule& rule, Device device, Logger& logger,
    ProcessGroup& group, AugmentedDetector* augmented) const {
  return detect_together(model, files_, images_, categories_.category_ids, rule, device, logger,
                         group, augmented);
}

}  // namespace denovo::detection
