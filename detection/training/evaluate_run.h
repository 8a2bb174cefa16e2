// Scoring a checkpoint of a run directory.
#pragma once

#include <string>

#include "core/log/logger.h"
#include "data/evaluation/report.h"
#include "detection/evaluation/evaluate_model.h"

namespace denovo::detection {

struct EvaluateRunOptions {
  std::string run;                  // run directory
  std::string checkpoint = "last";  // as model_file_of_run
  std::string annotations, images;  // another data set; empty: the run's validation set,
                                    // of which eval.max_images
  /// Leave out categories that the model does not know, as if the run had said so by
  /// eval.ignore_unknown_classes.
  bool ignore_unknown_classes = false;
  /// File names may leave the folder of images by "..", as if by data.allow_parent_folders.
  bool allow_parent_folders = false;
  std::vector<data::IouType> types;  // empty: boxes, and masks and keypoints where model and data
                                     // have them
  std::vector<double> sigmas;        // of keypoints; empty: as the run's eval.keypoint_sigmas
  bool confusion = false;            // of boxes, count what objects are taken for
  std::optional<data::OnBadImage> on_bad_image;  // nullopt: as the run's data.on_bad_image
  std::optional<data::VocRule> voc;              // nullopt: as the run's eval.voc
  std::optional<TtaConfig> tta;                  // nullopt: one look at each image
  Device device;
};

/// Detects on every image and scores, as the run's own evaluations do: categories are matched with
/// the model's classes (scored_categories.h), and what is left out is among the warnings; bad
/// images are an IoError or are left out. Throws IoError when there is no such checkpoint,
/// categories do not match, or masks or keypoints are asked for and cannot be scored; ConfigError
/// when the run has no validation set and none is given.
data::EvaluationReport evaluate_run(const EvaluateRunOptions& options, Logger& logger);

}  // namespace denovo::detection
