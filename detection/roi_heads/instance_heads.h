// What a detector says of an object besides its box: mask and keypoints.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "detection/roi_heads/detections.h"
#include "detection/roi_heads/keypoint_head.h"
#include "detection/roi_heads/mask_head.h"
#include "detection/roi_heads/pooler.h"

namespace denovo::detection {

/// The heads that a configuration has of these. A part of its owner, in whose state dict they are
/// mask_head and keypoint_head.
class InstanceHeads {
 public:
  /// strides: of the levels, finest first, that RoIs are pooled from; in_channels: of each level.
  InstanceHeads(nn::Module& owner, const ModelConfig& config, std::span<const int> strides,
                int in_channels, int num_classes);

  /// loss_mask and loss_keypoint. Of rois the foreground is learnt from, of which an image has at
  /// most BoxHeadConfig::max_foreground.
  NamedLosses losses(const std::vector<Tensor>& features, const RoiBatch& rois,
                     const GroundTruth& gt, const LossGroups& groups) const;

  /// Masks in the final boxes: of each detection's boxes, classes and counts the probabilities
  /// [N * D, S, S] of its own class. Undefined without a mask head. No gradient.
  Tensor detect_masks(const std::vector<Tensor>& features, const Detections& detections) const;
  /// Heat maps in the final boxes: logits [N * D, 4 S, 4 S, J]. Undefined without a keypoint head.
  /// No gradient.
  Tensor detect_heatmaps(const std::vector<Tensor>& features, const Detections& detections) const;

  /// Mask logits [R, S, S, K]. Requires a mask head.
  Tensor predict_masks(const std::vector<Tensor>& features, const Tensor& boxes,
                       const Tensor& images) const;
  /// Heat maps [R, 4 S, 4 S, J]. Requires a keypoint head.
  Tensor predict_keypoints(const std::vector<Tensor>& features, const Tensor& boxes,
                           const Tensor& images) const;

  const Pooler& mask_pooler() const { return mask_pooler_; }
  /// Null where the model has none.
  const MaskHead* mask_head() const { return mask_head_ ? &**mask_head_ : nullptr; }
  const KeypointHead* keypoint_head() const { return keypoint_head_ ? &**keypoint_head_ : nullptr; }

 private:
  int64_t max_foreground_;  // of an image
  KeypointHeadConfig keypoint_;
  int num_classes_;
  Pooler mask_pooler_, keypoint_pooler_;
  std::unique_ptr<nn::Child<MaskHead>> mask_head_;
  std::unique_ptr<nn::Child<KeypointHead>> keypoint_head_;
};

/// The keypoints in the final boxes, [N * D, J, 3]: Detections::keypoints, from detect_heatmaps.
/// Undefined where these are. No gradient.
Tensor keypoints_of(const Tensor& heatmaps, const Detections& detections);

}  // namespace denovo::detection
