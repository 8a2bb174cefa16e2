#include "detection/roi_heads/mask_head.h"

#include <fmt/format.h>

#include "ops/loss_weights/loss_weights.h"
#include "ops/mask_bce/mask_bce.h"
#include "ops/mask_targets/mask_targets.h"

namespace denovo::detection {
namespace {

nn::ConvNormOptions predictor_options(const MaskHeadConfig& config) {
  if (config.predictor_init == InitKind::kMsra) return {.kernel = 1};
  return {.kernel = 1, .init = nn::ConvNormOptions::Init::kNormal, .deviation = 0.001};
}

}  // namespace

MaskHead::MaskHead(const MaskHeadConfig& config, const nn::NormOptions& norm, int in_channels,
                   int num_classes)
    : convs_(*this),
      deconv_(*this, "deconv", config.convs > 0 ? config.channels : in_channels, config.channels),
      predictor_(*this, "predictor", config.channels, num_classes, predictor_options(config)) {
  int channels = in_channels;
  for (int i = 0; i < config.convs; ++i) {
    convs_.add(fmt::format("mask_fcn{}", i + 1), channels, config.channels,
               nn::ConvNormOptions{.kernel = 3, .padding = 1, .relu = true, .norm = norm});
    channels = config.channels;
  }
}

Tensor MaskHead::forward(const Tensor& x, const Tensor& slots) const {
  Tensor y = x;
  for (const auto& conv : convs_) y = conv->forward(y, {}, slots);
  return predictor_->forward(deconv_->forward(y));
}

Tensor mask_loss(const Tensor& logits, const RoiBatch& rois, const GroundTruth& gt, int num_classes,
                 const LossGroups& groups) {
  const Tensor weights = ops::loss_weights(rois.classes, rois.images,
                                           {.num_images = gt.boxes.size(0),
                                            .images_per_group = groups.images_per_group,
                                            .total_groups = groups.total_groups,
                                            .class_end = num_classes,
                                            .normalizer = ops::LossNormalizer::kSelectedRows,
                                            .dtype = gt.boxes.dtype()});
  const Tensor targets =
      ops::mask_targets(rois.boxes, rois.images, rois.matched, gt.masks, logits.size(1));
  return ops::mask_bce(logits, rois.classes, targets, weights);
}

}  // namespace denovo::detection
