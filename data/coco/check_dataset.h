// Everything that is wrong with a data set, found before training instead of during the night.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/coco/dataset.h"
#include "data/coco/training_view.h"

namespace denovo::data {

struct CheckReport {
  std::vector<Defect> defects;  // structure, annotations, images, categories
  int64_t num_images = 0, num_annotations = 0;
  TrainingFilter filter;   // of the training that was asked about
  TrainingView view;       // what it would make of the instances
  bool has_masks = false;  // otherwise the segmentation rules were not applied
  std::string refusal;     // the sentence with which training would refuse; empty when it would not

  int64_t count(DefectKind kind) const;
};

/// Checks annotations, images and categories of a data set that was read with
/// StructuralDefects::kCollect, for a training with this filter. Every image is decoded, with all
/// threads; the order of the defects does not depend on them. Throws IoError when `image_folder` is
/// not a folder.
CheckReport check_dataset(const CocoDataset& dataset, const std::string& image_folder,
                          const TrainingFilter& filter = {});

/// "<class>: <file>: <item> <id>: <rule>, got <value>" for each defect, a line each.
std::string defect_lines(const CheckReport& report);

/// What was looked at, how many defects of each class there are, and whether training would start.
std::string summary_lines(const CheckReport& report);

/// The same as one JSON document.
std::string report_json(const CheckReport& report);

}  // namespace denovo::data
