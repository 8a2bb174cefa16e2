// Keypoint head: pooled features of foreground RoIs to a heat map per keypoint.
#pragma once

#include "detection/roi_heads/roi_batch.h"
#include "nn/layers/linear.h"

namespace denovo::detection {

/// Cells of a heat map per cell of the pooled features: a deconvolution and an enlargement by two.
inline constexpr int kHeatmapScale = 4;

/// convs x (3x3 convolution, norm, ReLU), 4x4 deconvolution of stride 2, bilinear enlargement by
/// two (Mask R-CNN, section 5). One map per keypoint for all classes. State dict: conv_fcn1..,
/// score_lowres.
class KeypointHead : public nn::Module {
 public:
  KeypointHead(const KeypointHeadConfig& config, const nn::NormOptions& norm, int in_channels);
  /// x [R, S, S, C] -> logits [R, 4 S, 4 S, J]. slots i32 [R]: negative in empty slots.
  Tensor forward(const Tensor& x, const Tensor& slots) const;

 private:
  nn::ChildList<nn::ConvNorm> convs_;
  nn::Child<nn::Deconv2x> score_lowres_;
};

/// RoIs with what they are to learn.
struct KeypointRois {
  RoiBatch rois;
  Tensor places;  // i32 [R, J]: ops::KeypointTargets
};

/// The foreground RoIs in which a labelled keypoint of their object lies, valid first; capacity:
/// the most there can be. keypoints: GroundTruth's; size: of the heat maps.
KeypointRois keypoint_rois(const RoiBatch& rois, const Tensor& keypoints, int num_classes,
                           int64_t capacity, int64_t size);

/// loss_keypoint: softmax cross-entropy over the places of a map, summed over the labelled
/// keypoints in the RoIs of a group and divided as config.normalizer says; per_image: the most RoIs
/// that an image can have.
Tensor keypoint_loss(const KeypointHeadConfig& config, const Tensor& logits,
                     const KeypointRois& targets, int64_t num_images, int64_t per_image,
                     const LossGroups& groups);

}  // namespace denovo::detection
