// The second stage: box head, mask head and keypoint head on pooled features.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "detection/roi_heads/box_head.h"
#include "detection/roi_heads/detections.h"
#include "detection/roi_heads/keypoint_head.h"
#include "detection/roi_heads/mask_head.h"
#include "ops/roi_align/roi_align.h"

namespace denovo::detection {

/// RoIAlign over the first levels of a pyramid.
class Pooler {
 public:
  /// strides: input pixels per cell of those levels.
  Pooler(const PoolerConfig& config, std::span<const int> strides, int resolution);
  /// features: per level [N, h, w, C], those without a stride are not read; boxes [R, 4]; images
  /// i32 [R] -> [R, S, S, C], zeros in empty slots.
  Tensor forward(const std::vector<Tensor>& features, const Tensor& boxes,
                 const Tensor& images) const;

  /// S is its output_size.
  const ops::RoiAlignOptions& options() const { return options_; }
  const std::vector<double>& strides() const { return strides_; }

 private:
  std::vector<double> strides_;
  ops::RoiAlignOptions options_;
};

/// State dict: box_head, box_predictor, mask_head, keypoint_head.
class RoiHeads : public nn::Module {
 public:
  /// strides: of the levels, finest first, that RoIs are pooled from; in_channels: of each level.
  RoiHeads(const ModelConfig& config, std::span<const int> strides, int in_channels,
           int num_classes);

  /// loss_cls, loss_box_reg and, with such heads, loss_mask and loss_keypoint.
  NamedLosses losses(const std::vector<Tensor>& features, const RoiBatch& rois,
                     const GroundTruth& gt, const LossGroups& groups) const;
  /// Test time: score_boxes, best_detections, detect_masks, detect_heatmaps.
  Detections detect(const std::vector<Tensor>& features, const Proposals& proposals,
                    const Tensor& image_sizes) const;

  /// Each of P proposals as each of K classes: C = P K candidates, proposal by proposal, clipped to
  /// image_sizes (i32 [N, 2], height and width). Empty slots, and scores that do not exceed
  /// test.score_threshold, are no candidates. No gradient.
  ScoredBoxes score_boxes(const std::vector<Tensor>& features, const Proposals& proposals,
                          const Tensor& image_sizes) const;
  /// Masks in the final boxes: of each detection's boxes, classes and counts the probabilities
  /// [N * D, S, S] of its own class. Undefined without a mask head. No gradient.
  Tensor detect_masks(const std::vector<Tensor>& features, const Detections& detections) const;

  /// Heat maps in the final boxes: logits [N * D, 4 S, 4 S, J]. Undefined without a keypoint head.
  /// No gradient.
  Tensor detect_heatmaps(const std::vector<Tensor>& features, const Detections& detections) const;

  /// dropout: of each box, in training.
  BoxPredictor::Output predict_boxes(const std::vector<Tensor>& features, const Tensor& boxes,
                                     const Tensor& images,
                                     const ops::DropoutRows& dropout = {}) const;
  const Pooler& box_pooler() const { return box_pooler_; }
  const Pooler& mask_pooler() const { return mask_pooler_; }
  const BoxHead& box_head() const { return *box_head_; }
  const BoxPredictor& box_predictor() const { return *box_predictor_; }
  /// Null where the model has none.
  const MaskHead* mask_head() const { return mask_head_ ? &**mask_head_ : nullptr; }
  const KeypointHead* keypoint_head() const { return keypoint_head_ ? &**keypoint_head_ : nullptr; }

  /// Mask logits [R, S, S, K]. Requires a mask head.
  Tensor predict_masks(const std::vector<Tensor>& features, const Tensor& boxes,
                       const Tensor& images) const;
  /// Heat maps [R, 4 S, 4 S, J]. Requires a keypoint head.
  Tensor predict_keypoints(const std::vector<Tensor>& features, const Tensor& boxes,
                           const Tensor& images) const;

 private:
  /// The most foreground RoIs that n images can have.
  int64_t foreground_capacity(int64_t n) const;

  ModelConfig config_;
  int num_classes_;
  Pooler box_pooler_, mask_pooler_, keypoint_pooler_;
  nn::Child<BoxHead> box_head_;
  nn::Child<BoxPredictor> box_predictor_;
  std::unique_ptr<nn::Child<MaskHead>> mask_head_;
  std::unique_ptr<nn::Child<KeypointHead>> keypoint_head_;
};

/// The keypoints in the final boxes, [N * D, J, 3]: Detections::keypoints, from detect_heatmaps.
/// Undefined where these are. No gradient.
Tensor keypoints_of(const Tensor& heatmaps, const Detections& detections);

}  // namespace denovo::detection
