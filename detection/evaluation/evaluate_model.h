// Running a detector over a data set and scoring it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/log/metrics.h"
#include "data/coco/image_files.h"
#include "data/evaluation/coco_evaluation.h"
#include "data/evaluation/voc_evaluation.h"
#include "data/loading/input_rule.h"
#include "detection/mask_rcnn/mask_rcnn.h"
#include "detection/prediction/augmented.h"
#include "detection/prediction/post_process.h"

namespace denovo::detection {

struct EvaluateModelOptions {
  data::InputRule rule;      // of evaluation: first short side, no flip
  CategoryIds category_ids;  // the data set's, of the model's classes (scored_categories.h)
  std::optional<std::vector<int>> images = std::nullopt;  // indices, ascending; nullopt: all
  int images_per_batch = 1;                               // more than one changes nothing but speed
  int loader_threads = 1;
  AugmentedDetector* augmented = nullptr;  // of the same model: takes the place of one look by rule
  int rank = 0, num_ranks = 1;             // every num_ranks-th batch is this rank's
  Device device;
  std::function<void(int64_t done, int64_t total)> progress;  // may be empty
};

/// Detections of every image of this rank, in ascending image id. The model is put into evaluation
/// mode meanwhile.
std::vector<ImageDetections> detect_dataset(MaskRcnn& model, const data::ImageFiles& files,
                                            const EvaluateModelOptions& options);

struct ModelScores {
  data::EvaluationResult bbox;
  std::optional<data::EvaluationResult> segm;       // with a mask head, on a data set with masks
  std::optional<data::EvaluationResult> keypoints;  // the same of keypoints
  std::optional<data::VocResult> voc;               // of the boxes, where asked for

  /// COCO's that there are.
  std::vector<const data::EvaluationResult*> all() const;
};

/// What a model finds beside boxes, and how these are scored beside COCO's rules.
struct ScoredHeads {
  bool masks = true, keypoints = false;
  std::vector<double> sigmas = {};  // data::EvaluationOptions,
  bool confusion = false;           // of which this is another one
  data::VocRule voc = data::VocRule::kNone;
};

/// Evaluation of such detections of all ranks. Only the images that stand in the list count.
ModelScores score_detections(const data::CocoDataset& dataset,
                             std::span<const ImageDetections> images, const ScoredHeads& heads);

/// The first `count` of the reference's numbers per IoU type in percent, by name: "bbox/AP", ...
/// behind the prefix; then VOC's, "voc07/mAP". One that is undefined, for want of ground truth, is
/// left out: a curve has no point there.
std::vector<Metric> score_metrics(const ModelScores& scores, const std::string& prefix = "",
                                  size_t count = SIZE_MAX);

/// Writes directory/coco_instances_results.json, a JSON of each score (bbox.json, segm.json,
/// keypoints.json, voc07.json) and summary.txt (the reference's lines). Throws ResourceError.
void write_evaluation(const std::string& directory, std::span<const ImageDetections> images,
                      const ModelScores& scores);

/// The reference's lines per IoU type, and VOC's.
std::string scores_text(const ModelScores& scores);

}  // namespace denovo::detection
