// The instances of a data set that training uses: crowds and degenerate annotations are left out
// and counted; images without any instance are left out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/coco/dataset.h"

namespace denovo::data {

struct TrainingFilter {
  bool masks = true;  // the model has a mask head: an instance needs a usable segmentation
  double max_bad_fraction = 0.01;
  bool keep_empty_images = false;
};

/// Largest counts over the kept images and instances: the fixed capacities of a training step.
struct TrainingLimits {
  int instances_per_image = 0;
  int polygons_per_image = 0;  // usable ones (annotation_checks.h)
  int vertices_per_image = 0;  // of usable polygons, over all instances of the image
  int vertices_per_instance = 0;
  int runs_per_image = 0;  // run lengths of RLE masks
};

struct TrainingView {
  std::vector<int> images;              // indices into CocoDataset::images, ascending
  std::vector<int64_t> first_instance;  // images.size() + 1 offsets into instances
  std::vector<int> instances;           // indices into CocoDataset::annotations
  TrainingLimits limits;
  int64_t num_crowds = 0, num_dropped = 0, num_empty_images = 0;
  std::vector<Defect> examples;  // the first five dropped instances

  /// Annotation indices of the i-th kept image.
  std::span<const int> instances_of(size_t i) const {
    return std::span(instances).subspan(first_instance[i],
                                        first_instance[i + 1] - first_instance[i]);
  }
  /// One line for the log: what was kept and what was dropped, with the examples.
  std::string summary() const;
};

/// Throws IoError when no instance is left, or when more than max_bad_fraction of the annotations
/// that are not crowds are degenerate; the message shows the first examples.
TrainingView training_view(const CocoDataset& dataset, const TrainingFilter& filter = {});

}  // namespace denovo::data
