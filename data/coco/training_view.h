// The instances of a data set that training uses: crowds, difficult objects (of PASCAL VOC, as in
// Detectron; detectron2 trains on them) and degenerate annotations are left out and counted; images
// without any instance are left out, for a model with keypoints those without any keypoint.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/coco/dataset.h"

namespace denovo::data {

struct TrainingFilter {
  bool masks = true;               // the model has a mask head
  int num_keypoints = 0;           // of its keypoint head; 0: it has none
  double max_bad_fraction = 0.01;  // training_refusal.h
  bool keep_empty_images = false;  // images without annotations train as negatives
  int64_t max_images = 0;          // of those left so many, drawn by the seed (subset.h); 0: all
  uint64_t seed = 0;
};

/// Largest counts over the kept images and instances: the fixed capacities of a training step.
struct TrainingLimits {
  int instances_per_image = 0;
  int polygons_per_image = 0;  // usable ones (annotation_checks.h)
  int vertices_per_image = 0;  // of usable polygons, over all instances of the image
  int runs_per_image = 0;      // run lengths of RLE masks
  int keypoints = 0;           // of an instance: TrainingFilter::num_keypoints
};

struct TrainingView {
  std::vector<int> images;              // indices into CocoDataset::images, ascending
  std::vector<int64_t> first_instance;  // images.size() + 1 offsets into instances
  std::vector<int> instances;           // indices into CocoDataset::annotations
  TrainingLimits limits;
  // Of the annotations: crowds; objects that are difficult; instances that were dropped; kept ones
  // that train their box alone.
  int64_t num_crowds = 0, num_difficult = 0, num_dropped = 0, num_box_only = 0;
  // Images without annotations; images that have some, but no instance to train on: these show
  // objects and are no negatives.
  int64_t num_empty_images = 0, num_unusable_images = 0;
  // For a model with keypoints: images with instances of which none has a usable one
  // (keypoints.h), and these instances. They are left out, as in Detectron and detectron2.
  int64_t num_unposed_images = 0, num_unposed = 0;
  bool keeps_empty_images = false;                 // the former are among `images`
  std::array<int64_t, kNumDefectKinds> reasons{};  // dropped instances by reason; some have two
  std::vector<Defect> examples;                    // the first five dropped instances
  std::string refusal;  // why training refuses the data, a sentence; empty when it does not

  /// Annotations that are neither crowds nor difficult.
  int64_t num_instances() const {
    return static_cast<int64_t>(instances.size()) + num_dropped + num_unposed;
  }
  /// Annotation indices of the i-th kept image.
  std::span<const int> instances_of(size_t i) const {
    return std::span(instances).subspan(first_instance[i],
                                        first_instance[i + 1] - first_instance[i]);
  }
  /// One line for the log: what was kept and what was dropped, with the examples.
  std::string summary() const;
  /// "; annotation 2: bbox width and height must be positive, got …" for each example.
  std::string example_text() const;
};

/// What training makes of a data set, by judge_instance and reason_to_refuse; check_data shows the
/// same. Works in parallel, with a result that does not depend on it.
TrainingView judge_dataset(const CocoDataset& dataset, const TrainingFilter& filter = {});

/// The same for training: throws IoError with the refusal.
TrainingView training_view(const CocoDataset& dataset, const TrainingFilter& filter = {});

}  // namespace denovo::data
