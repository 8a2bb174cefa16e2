// What a detector is scored on: annotations matched with its classes, and images that are known to
// be good. For the evaluations of a run, and of its checkpoints afterwards.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/dist/process_group.h"
#include "core/log/logger.h"
#include "data/coco/fingerprint.h"
#include "data/coco/image_files.h"
#include "data/loading/input_rule.h"
#include "detection/evaluation/scored_categories.h"
#include "detection/prediction/augmented.h"

namespace denovo::detection {

struct EvaluationSetOptions {
  std::string annotations, images;    // COCO JSON; folder of file_name
  bool allow_parent_folders = false;  // file names may leave the folder,
  std::string parent_folders_remedy = "data.allow_parent_folders=true";  // as this allows
  int max_images = 0;                   // only the first so many; 0: all
  bool masks = true;                    // the model has a mask head
  int num_keypoints = 0;                // of its keypoint head; 0: it has none
  std::vector<double> sigmas = {};      // of their scores (data::EvaluationOptions)
  bool ignore_unknown_classes = false;  // categories that the model lacks are left out,
  std::string unknown_classes_remedy = "eval.ignore_unknown_classes=true";  // as this allows
  bool skip_bad_images = false;                                             // data.on_bad_image
};

class EvaluationSet {
 public:
  /// Reads the annotations as training does and matches their categories with the model's
  /// (scored_categories.h). Throws IoError for what training refuses of a file's structure, for
  /// coordinates that look normalised, for masks that cannot be drawn, for categories that do not
  /// match, and for keypoints that are not the model's or have no sigmas.
  EvaluationSet(EvaluationSetOptions options, const data::CategoryList& model);

  const data::CocoDataset& dataset() const { return dataset_; }
  const data::ImageFiles& files() const { return files_; }
  /// How the categories matched.
  const ScoredCategories& categories() const { return categories_; }
  /// Of the file as it is, before anything was left out.
  const data::Fingerprint& fingerprint() const { return fingerprint_; }
  /// Indices of the images that are evaluated, ascending.
  const std::vector<int>& images() const { return images_; }
  /// Lines about objects that are degenerate, and that no mask can be scored on.
  std::vector<std::string> doubts() const;

  /// Decodes every image, since each evaluation will. Where bad images stop throws IoError; else
  /// they are left out of all evaluations, their ground truth too, and the warnings returned.
  /// Collective.
  std::vector<std::string> look(Logger& logger, ProcessGroup& group = ProcessGroup::alone());

  /// The detections on all images, by the ranks together; rank 0 has those of all. nullopt when a
  /// signal came meanwhile. `augmented` as in EvaluateModelOptions. Collective.
  std::optional<std::vector<ImageDetections>> detect(MaskRcnn& model, const data::InputRule& rule,
                                                     Device device, Logger& logger,
                                                     ProcessGroup& group = ProcessGroup::alone(),
                                                     AugmentedDetector* augmented = nullptr) const;

 private:
  const EvaluationSetOptions options_;
  data::CocoDataset dataset_;
  const data::Fingerprint fingerprint_;
  const ScoredCategories categories_;
  const data::ImageFiles files_;
  std::vector<int> images_;
};

}  // namespace denovo::detection
