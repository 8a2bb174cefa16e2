#include "detection/roi_heads/keypoint_head.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/bilinear_resize/bilinear_resize.h"
#include "ops/compact/compact.h"
#include "ops/heatmap_cross_entropy/heatmap_cross_entropy.h"
#include "ops/keypoint_targets/keypoint_targets.h"
#include "ops/loss_weights/loss_weights.h"

namespace denovo::detection {

KeypointHead::KeypointHead(const KeypointHeadConfig& config, const nn::NormOptions& norm,
                           int in_channels)
    : convs_(*this),
      score_lowres_(*this, "score_lowres", config.convs > 0 ? config.channels : in_channels,
                    config.num_keypoints, nn::Deconv2xOptions{.kernel = 4, .relu = false}) {
  int channels = in_channels;
  for (int i = 0; i < config.convs; ++i) {
    convs_.add(fmt::format("conv_fcn{}", i + 1), channels, config.channels,
               nn::ConvNormOptions{.kernel = 3, .padding = 1, .relu = true, .norm = norm});
    channels = config.channels;
  }
}

Tensor KeypointHead::forward(const Tensor& x, const Tensor& slots) const {
  Tensor y = x;
  for (const auto& conv : convs_) y = conv->forward(y, {}, slots);
  y = score_lowres_->forward(y);
  return ops::bilinear_resize(y, 2 * y.size(1), 2 * y.size(2));
}

KeypointRois keypoint_rois(const RoiBatch& rois, const Tensor& keypoints, int num_classes,
                           int64_t capacity, int64_t size) {
  const NoGrad no_grad;
  const ops::KeypointTargets targets =
      ops::keypoint_targets(rois.boxes, rois.images, rois.matched, rois.classes, keypoints, size);
  const ops::Compaction compaction = ops::compact_range(targets.classes, 0, num_classes);
  const int64_t limit = std::min(capacity, rois.count());
  const Tensor rows = compaction.rows.rows(0, ops::usable_rows(compaction.count, limit));
  return {rois.pick(rows), pick_rows(targets.places, rows, -1)};
}

Tensor keypoint_loss(const KeypointHeadConfig& config, const Tensor& logits,
                     const KeypointRois& targets, int64_t num_images, int64_t per_image,
                     const LossGroups& groups) {
  const bool visible = config.normalizer == KeypointNormalizer::kVisible;
  const Tensor weights =
      ops::loss_weights(targets.places, targets.rois.images,
                        {.num_images = num_images,
                         .images_per_group = groups.images_per_group,
                         .total_groups = groups.total_groups,
                         .normalizer = visible ? ops::LossNormalizer::kSelectedRows
                                               : ops::LossNormalizer::kRowsPerImage,
                         .rows_per_image = per_image * config.num_keypoints,
                         .dtype = compute_dtype(logits.dtype())});
  return ops::heatmap_cross_entropy(logits, targets.places, weights);
}

}  // namespace denovo::detection
