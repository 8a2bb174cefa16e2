// Box head: pooled features to class scores and box deltas.
#pragma once

#include <optional>
#include <vector>

#include "detection/roi_heads/roi_batch.h"
#include "nn/layers/fc_layers.h"
#include "ops/box_coder/box_coder.h"

namespace denovo::detection {

/// convs x (3x3 convolution, norm, ReLU), then fcs x (linear, ReLU, dropout): 4conv1fc, 2fc, or the
/// fc6 and fc7 of a VGG. State dict:
/// conv1.., fc1...
class BoxHead : public nn::Module {
 public:
  BoxHead(const BoxHeadConfig& config, const nn::NormOptions& norm, int in_channels);
  /// x [R, S, S, C] -> [R, fc_channels]. slots i32 [R]: negative in empty slots. rows: of dropout,
  /// in training.
  Tensor forward(const Tensor& x, const Tensor& slots, const ops::DropoutRows& rows = {}) const;
  const nn::ChildList<nn::ConvNorm>& convs() const { return convs_; }
  const nn::ChildList<nn::Linear>& fcs() const { return fcs_->layers(); }

 private:
  nn::ChildList<nn::ConvNorm> convs_;
  std::optional<nn::FcLayers> fcs_;  // made behind the convolutions, as a state dict has them
};

/// State dict: cls_score (background last), bbox_pred (foreground classes only).
class BoxPredictor : public nn::Module {
 public:
  /// num_boxes: B, of a RoI: one for each of num_classes K, or one for all of them.
  BoxPredictor(int in_channels, int num_classes, int num_boxes);
  struct Output {
    Tensor logits;  // [R, K + 1]
    Tensor deltas;  // [R, 4 B]
  };
  Output forward(const Tensor& x) const;
  const nn::Linear& cls_score() const { return *cls_score_; }
  const nn::Linear& bbox_pred() const { return *bbox_pred_; }

 private:
  nn::Child<nn::Linear> cls_score_, bbox_pred_;
};

/// Scales of RoI box deltas (1 / 0.1, 1 / 0.2).
inline constexpr ops::BoxWeights kBoxWeights{10, 10, 5, 5};

/// loss_cls and loss_box_reg: cross-entropy averaged over all RoIs, and L1 of the foreground's own
/// class divided by all RoIs. weights: of the deltas.
NamedLosses box_losses(const BoxHeadConfig& config, const BoxPredictor::Output& output,
                       const RoiBatch& rois, const GroundTruth& gt, int num_classes,
                       const LossGroups& groups, const ops::BoxWeights& weights = kBoxWeights);

}  // namespace denovo::detection
