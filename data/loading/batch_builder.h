// From planned images to a batch: decode, resize, flip, pad, and bring the objects along.
#pragma once

#include <span>
#include <vector>

#include "data/coco/image_files.h"
#include "data/coco/training_view.h"
#include "data/loading/batch.h"
#include "data/loading/batch_order.h"
#include "data/loading/decoded_images.h"

namespace denovo::data {

struct BatchBuilderOptions {
  InputRule rule;
  bool masks = true;                       // fill the tensors of masks
  double keypoint_offset = 0.5;            // from the pixel that a keypoint names: to its centre
  bool skip_bad_images = false;            // training only: see build()
  uint64_t seed = 0;                       // of the transforms that substitutes draw
  int64_t cache_bytes = int64_t{1} << 30;  // of decoded images
};

/// Safe from any thread: calls share the decoded images, nothing else.
class BatchBuilder {
 public:
  /// The view says which images have which objects; images outside it have none. Keeps references
  /// to it and to the data set.
  BatchBuilder(ImageFiles files, const TrainingView& view, BatchBuilderOptions options);

  const Capacities& capacities() const { return capacities_; }

  /// The images of a plan, or of a part of one; padded as Batch and InputRule say.
  ///
  /// An image that ImageFiles::read refuses is an IoError; with skip_bad_images another one takes
  /// its place: the next one of the view, cyclically, that has the same group in that epoch and can
  /// be read, so the choice depends on the files alone.
  Batch build(std::span<const PlannedImage> plan) const;

  /// By their indices in the data set.
  const DecodedImages& images() const { return images_; }

 private:
  DecodedImages::Pointer load_or_substitute(PlannedImage& planned) const;
  void fill_objects(const PlannedImage& planned, int slot, Batch& batch) const;

  const ImageFiles files_;
  const CocoDataset& dataset_;
  const TrainingView& view_;
  const BatchBuilderOptions options_;
  std::vector<int> view_position_;  // of each image of the data set; -1 = not in the view
  std::vector<int> mirror_;         // of the keypoints: mirrored_keypoints
  Capacities capacities_;
  DecodedImages images_;
};

/// Capacities of a view: its limits, rounded up to multiples of 8.
Capacities capacities_of(const TrainingLimits& limits, bool masks);

/// Images without objects, for detection outside a data set: the transform of evaluation, mirrored
/// if asked for, one padded size for all, ids 0, 1, ...
Batch image_batch(std::span<const Image> images, const InputRule& rule, bool mirrored = false);

}  // namespace denovo::data
