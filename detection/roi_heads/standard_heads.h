// One box head, with a box for each class (Faster and Mask R-CNN).
#pragma once

#include <span>
#include <vector>

#include "detection/roi_heads/roi_heads.h"

namespace denovo::detection {

/// State dict: box_head, box_predictor, mask_head, keypoint_head.
class StandardHeads : public RoiHeads {
 public:
  /// strides: of the levels, finest first, that RoIs are pooled from; in_channels: of each level.
  StandardHeads(const ModelConfig& config, std::span<const int> strides, int in_channels,
                int num_classes);

  /// loss_cls, loss_box_reg and those of InstanceHeads.
  NamedLosses losses(const std::vector<Tensor>& features, const RoiBatch& rois,
                     const GroundTruth& gt, const Tensor& image_sizes,
                     const LossGroups& groups) const override;
  ScoredBoxes score_boxes(const std::vector<Tensor>& features, const Proposals& proposals,
                          const Tensor& image_sizes) const override;
  std::vector<const BoxHead*> box_heads() const override { return {&*box_head_}; }

  /// dropout: of each box, in training.
  BoxPredictor::Output predict_boxes(const std::vector<Tensor>& features, const Tensor& boxes,
                                     const Tensor& images,
                                     const ops::DropoutRows& dropout = {}) const;
  const Pooler& box_pooler() const { return box_pooler_; }
  const BoxHead& box_head() const { return *box_head_; }
  const BoxPredictor& box_predictor() const { return *box_predictor_; }

 private:
  nn::Child<BoxHead> box_head_;
  nn::Child<BoxPredictor> box_predictor_;
};

}  // namespace denovo::detection
