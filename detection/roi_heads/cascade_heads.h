// Cascade R-CNN (Cai and Vasconcelos, 2018): box heads one behind the other, as detectron2's.
#pragma once

#include <span>
#include <vector>

#include "detection/roi_heads/roi_heads.h"

namespace denovo::detection {

/// Stage 0 sees the sampled RoIs. Each later one sees the boxes that the stage before it makes of
/// all of its own, clipped to the image and matched again at the stage's IoU: nothing is sampled a
/// second time, no gradient goes through boxes, and boxes without area are left out. A stage
/// regresses one box for all classes. Of T stages each hands 1 / T of its gradient on to the
/// features, so that they learn from a mean while the losses are a sum.
///
/// Masks and keypoints are those of the last stage, in training on the RoIs that it sees, at most
/// as many foreground ones of an image as were sampled for stage 0 (the first in their order, in
/// which those that were foreground there come first), in tests in the final boxes.
///
/// State dict: box_head.0, box_predictor.0, box_head.1, …; mask_head, keypoint_head.
class CascadeHeads : public RoiHeads {
 public:
  /// As StandardHeads; config.cascade must be valid.
  CascadeHeads(const ModelConfig& config, std::span<const int> strides, int in_channels,
               int num_classes);

  /// loss_cls_stage0, loss_box_reg_stage0, loss_cls_stage1, … and those of InstanceHeads.
  NamedLosses losses(const std::vector<Tensor>& features, const RoiBatch& rois,
                     const GroundTruth& gt, const Tensor& image_sizes,
                     const LossGroups& groups) const override;
  /// Scores are means over the stages, boxes those of the last.
  ScoredBoxes score_boxes(const std::vector<Tensor>& features, const Proposals& proposals,
                          const Tensor& image_sizes) const override;
  std::vector<const BoxHead*> box_heads() const override;

  size_t num_stages() const { return box_heads_.size(); }
  const Pooler& box_pooler() const { return box_pooler_; }
  const BoxHead& box_head(size_t stage) const { return box_heads_[stage]; }
  const BoxPredictor& box_predictor(size_t stage) const { return box_predictors_[stage]; }
  /// Scales of a stage's deltas.
  ops::BoxWeights weights(size_t stage) const;

 private:
  /// dropout: of each box, in training; one draw for all stages.
  BoxPredictor::Output predict_boxes(size_t stage, const std::vector<Tensor>& features,
                                     const Tensor& boxes, const Tensor& images,
                                     const ops::DropoutRows& dropout = {}) const;
  /// boxes [N * S, 4] moved by the deltas of a stage, clipped: [N, S, 4]. No gradient.
  Tensor next_boxes(size_t stage, const Tensor& boxes, const Tensor& deltas,
                    const Tensor& image_sizes) const;

  nn::ChildList<BoxHead> box_heads_;
  nn::ChildList<BoxPredictor> box_predictors_;
};

}  // namespace denovo::detection
