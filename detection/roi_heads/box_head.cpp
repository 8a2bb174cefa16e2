#include "detection/roi_heads/box_head.h"

#include <fmt/format.h>

#include "ops/box_coder/box_coder.h"
#include "ops/box_regression_loss/box_regression_loss.h"
#include "ops/cast/cast.h"
#include "ops/loss_weights/loss_weights.h"
#include "ops/softmax_cross_entropy/softmax_cross_entropy.h"

namespace denovo::detection {

BoxHead::BoxHead(const BoxHeadConfig& config, const nn::NormOptions& norm, int in_channels)
    : convs_(*this) {
  int channels = in_channels;
  for (int i = 0; i < config.convs; ++i) {
    convs_.add(fmt::format("conv{}", i + 1), channels, config.conv_channels,
               nn::ConvNormOptions{.kernel = 3, .padding = 1, .relu = true, .norm = norm});
    channels = config.conv_channels;
  }
  fcs_.emplace(*this, "fc", channels, config.fc());
}

Tensor BoxHead::forward(const Tensor& x, const Tensor& slots, const ops::DropoutRows& rows) const {
  Tensor y = x;
  for (const auto& conv : convs_) y = conv->forward(y, {}, slots);
  return fcs_->forward(y, rows);
}

BoxPredictor::BoxPredictor(int in_channels, int num_classes, int num_boxes)
    : cls_score_(*this, "cls_score", in_channels, num_classes + 1, nn::Initializer::normal(0.01)),
      bbox_pred_(*this, "bbox_pred", in_channels, 4 * num_boxes, nn::Initializer::normal(0.001)) {}

BoxPredictor::Output BoxPredictor::forward(const Tensor& x) const {
  const DType dtype = compute_dtype(x.dtype());
  return {ops::cast(cls_score_->forward(x), dtype), ops::cast(bbox_pred_->forward(x), dtype)};
}

NamedLosses box_losses(const BoxHeadConfig& config, const BoxPredictor::Output& output,
                       const RoiBatch& rois, const GroundTruth& gt, int num_classes,
                       const LossGroups& groups, const ops::BoxWeights& weights) {
  ops::LossWeightOptions weighting{.num_images = gt.boxes.size(0),
                                   .images_per_group = groups.images_per_group,
                                   .total_groups = groups.total_groups,
                                   .normalizer = ops::LossNormalizer::kValidRows,
                                   .dtype = gt.boxes.dtype()};
  const Tensor every = ops::loss_weights(rois.classes, rois.images, weighting);
  weighting.class_end = num_classes;
  const Tensor foreground = ops::loss_weights(rois.classes, rois.images, weighting);
  const Tensor targets = ops::encode_rois(rois.boxes, rois.images, gt.boxes, rois.matched, weights);
  return {{"loss_cls", ops::softmax_cross_entropy(output.logits, rois.classes, every)},
          {"loss_box_reg", ops::box_regression_loss(output.deltas, rois.classes, targets,
                                                    foreground, config.smooth_l1_beta)}};
}

}  // namespace denovo::detection
