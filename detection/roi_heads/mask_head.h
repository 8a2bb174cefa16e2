// Mask head: pooled features of foreground RoIs to a mask per class.
#pragma once

#include "detection/roi_heads/roi_batch.h"
#include "nn/layers/linear.h"

namespace denovo::detection {

/// convs x (3x3 convolution, norm, ReLU), 2x2 deconvolution and ReLU, 1x1 predictor. State dict:
/// mask_fcn1.., deconv, predictor.
class MaskHead : public nn::Module {
 public:
  MaskHead(const MaskHeadConfig& config, const nn::NormOptions& norm, int in_channels,
           int num_classes);
  /// x [R, S, S, C] -> logits [R, 2S, 2S, K]. slots i32 [R]: negative in empty slots.
  Tensor forward(const Tensor& x, const Tensor& slots) const;
  const nn::ChildList<nn::ConvNorm>& convs() const { return convs_; }
  const nn::Deconv2x& deconv() const { return *deconv_; }
  const nn::ConvNorm& predictor() const { return *predictor_; }

 private:
  nn::ChildList<nn::ConvNorm> convs_;
  nn::Child<nn::Deconv2x> deconv_;
  nn::Child<nn::ConvNorm> predictor_;
};

/// loss_mask: binary cross-entropy on the channel of the true class, averaged over pixels and RoIs.
/// rois: mask_rois, foreground whose object has a mask. Targets are the ground truth's polygons or
/// runs on the RoI's grid.
Tensor mask_loss(const Tensor& logits, const RoiBatch& rois, const GroundTruth& gt, int num_classes,
                 const LossGroups& groups);

}  // namespace denovo::detection
