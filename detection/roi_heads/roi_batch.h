// The RoIs of a step: what an RoI head receives. A head derives its own targets from the matches,
// so that other heads (masks, keypoints, cascade stages) join without touching the trainer.
//
// RoIs lie image by image, as many slots for each, as they were sampled and as a cascade matches
// them again; or valid ones first, which a head on the CPU computes on alone.
#pragma once

#include "detection/rpn/rpn.h"
#include "detection/structures/ground_truth.h"
#include "ops/dropout/dropout.h"

namespace denovo::detection {

/// R slots over all images.
struct RoiBatch {
  Tensor boxes;    // [R, 4]
  Tensor images;   // i32 [R], -1 = empty slot
  Tensor classes;  // i32 [R], K = background, -1 = empty slot
  Tensor matched;  // i32 [R], ground truth within the image
  /// What dropout of a RoI's features depends on: its place among the image's candidates. Undefined
  /// where config.dropout is 0.
  ops::DropoutRows dropout = {};

  int64_t count() const { return boxes.size(0); }
  /// Those of i32 [R'] indices; a negative one gives an empty slot.
  RoiBatch pick(const Tensor& rows) const;
  /// Those that are there, in order; slots as ops::usable_rows.
  RoiBatch valid_first() const;
};

/// Rows of a flat list [R] or [R, C] by i32 [R'] indices; empty_value where these are negative.
Tensor pick_rows(const Tensor& list, const Tensor& rows, double empty_value);

/// Proposals and ground truth matched at config.iou and sampled, positive_fraction of them
/// foreground: batch_per_image slots for each image, foreground, then background, then empty ones.
RoiBatch sample_rois(const BoxHeadConfig& config, const Proposals& proposals, const GroundTruth& gt,
                     const Tensor& image_ids, int num_classes, const SamplingKey& key);

/// Boxes [N, S, 4] matched to the ground truth, foreground from `iou` on: image by image. Boxes
/// without area, and those that are not finite, are empty slots. No dropout.
RoiBatch match_rois(const Tensor& boxes, const GroundTruth& gt, double iou, int num_classes);

/// Of RoIs that lie image by image, `per_image` slots for each of num_images: the first foreground
/// ones, filled up by others. No dropout.
RoiBatch first_foreground(const RoiBatch& rois, int64_t num_images, int64_t per_image,
                          int num_classes);

/// The foreground RoIs whose object has a mask, valid first; capacity: the most there can be.
RoiBatch mask_rois(const RoiBatch& rois, const ops::InstanceMasks& masks, int num_classes,
                   int64_t capacity);

}  // namespace denovo::detection
