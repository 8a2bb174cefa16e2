// Everything that is wrong with a data set, found before training instead of during the night.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/coco/image_files.h"
#include "data/coco/training_view.h"

namespace denovo::data {

struct CheckReport {
  std::vector<Defect> defects;  // structure, annotations, images, categories
  int64_t num_images = 0, num_annotations = 0;
  TrainingFilter filter;   // of the training that was asked about
  TrainingView view;       // what it would make of the instances
  bool has_masks = false;  // otherwise the segmentation rules were not applied
  std::string refusal;     // the sentence with which training would refuse; empty when it would not
  std::string end;         // that with which it would end when it meets a damaged image; or empty
  bool skips_bad_images = false;

  int64_t count(DefectKind kind) const;
  /// Annotations that are not crowds, of all images.
  int64_t num_instances() const { return num_annotations - view.num_crowds; }
  /// Training on these data would end well.
  bool trainable() const { return refusal.empty() && end.empty(); }
};

struct CheckOptions {
  TrainingFilter training;
  bool skip_bad_images = false;  // training goes on without them
};

/// Checks annotations, images and categories of a data set that was read with
/// StructuralDefects::kCollect and the part that the training reads. Every image is decoded, with
/// all threads; the order of the defects does not depend on them. Files of images that training
/// would not use are no more than warnings. Throws IoError when names are relative and there is no
/// folder of images.
CheckReport check_dataset(const ImageFiles& files, const CheckOptions& options = {});

/// "<class>: <file>: <item> <id>: <rule>, got <value>" for each defect, a line each; of more than
/// 10 of one class (and JSON key) the others are counted at the end.
std::string defect_lines(const CheckReport& report);

/// What was looked at, how many defects of each class there are, and whether training would start.
std::string summary_lines(const CheckReport& report);

/// The same as one JSON document, which holds every defect.
std::string report_json(const CheckReport& report);

}  // namespace denovo::data
