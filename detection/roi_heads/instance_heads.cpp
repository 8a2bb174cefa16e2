#include "detection/roi_heads/instance_heads.h"

#include "core/autograd/autograd.h"
#include "core/run/profile.h"
#include "ops/heatmap_peaks/heatmap_peaks.h"
#include "ops/mask_probabilities/mask_probabilities.h"

namespace denovo::detection {

InstanceHeads::InstanceHeads(nn::Module& owner, const ModelConfig& config,
                             std::span<const int> strides, int in_channels, int num_classes)
    : max_foreground_(config.box.max_foreground()),
      keypoint_(config.keypoint),
      num_classes_(num_classes),
      mask_pooler_(config.pooler, strides, config.mask.resolution),
      keypoint_pooler_(config.pooler, strides, config.keypoint.resolution) {
  if (config.mask.enabled) {
    mask_head_ = std::make_unique<nn::Child<MaskHead>>(owner, "mask_head", config.mask,
                                                       config.head_norm(config.mask.norm),
                                                       in_channels, num_classes);
  }
  if (config.keypoint.enabled) {
    keypoint_head_ = std::make_unique<nn::Child<KeypointHead>>(
        owner, "keypoint_head", config.keypoint, config.head_norm(config.keypoint.norm),
        in_channels);
  }
}

Tensor InstanceHeads::predict_masks(const std::vector<Tensor>& features, const Tensor& boxes,
                                    const Tensor& images) const {
  const ProfileGroup group("mask_head");
  return (*mask_head_)->forward(mask_pooler_.forward(features, boxes, images), images);
}

Tensor InstanceHeads::predict_keypoints(const std::vector<Tensor>& features, const Tensor& boxes,
                                        const Tensor& images) const {
  const ProfileGroup group("keypoint_head");
  return (*keypoint_head_)->forward(keypoint_pooler_.forward(features, boxes, images), images);
}

NamedLosses InstanceHeads::losses(const std::vector<Tensor>& features, const RoiBatch& rois,
                                  const GroundTruth& gt, const LossGroups& groups) const {
  NamedLosses losses;
  const int64_t num_images = gt.boxes.size(0), capacity = num_images * max_foreground_;
  if (mask_head_) {
    const ProfileGroup group("mask_head");
    const RoiBatch with_mask = mask_rois(rois, gt.masks, num_classes_, capacity);
    losses.emplace_back("loss_mask",
                        mask_loss(predict_masks(features, with_mask.boxes, with_mask.images),
                                  with_mask, gt, num_classes_, groups));
  }
  if (keypoint_head_) {
    const ProfileGroup group("keypoint_head");
    const KeypointRois posed = keypoint_rois(rois, gt.keypoints, num_classes_, capacity,
                                             kHeatmapScale * keypoint_.resolution);
    losses.emplace_back(
        "loss_keypoint",
        keypoint_loss(keypoint_, predict_keypoints(features, posed.rois.boxes, posed.rois.images),
                      posed, num_images, max_foreground_, groups));
  }
  return losses;
}

Tensor InstanceHeads::detect_masks(const std::vector<Tensor>& features,
                                   const Detections& detections) const {
  if (!mask_head_) return {};
  const NoGrad no_grad;
  const int64_t n = detections.boxes.size(0), slots = detections.boxes.size(1);
  const Tensor logits = predict_masks(features, detections.boxes.view({n * slots, 4}),
                                      images_of(detections.counts, slots));
  return ops::mask_probabilities(logits, detections.classes.view({n * slots}));
}

Tensor InstanceHeads::detect_heatmaps(const std::vector<Tensor>& features,
                                      const Detections& detections) const {
  if (!keypoint_head_) return {};
  const NoGrad no_grad;
  const int64_t n = detections.boxes.size(0), slots = detections.boxes.size(1);
  return predict_keypoints(features, detections.boxes.view({n * slots, 4}),
                           images_of(detections.counts, slots));
}

Tensor keypoints_of(const Tensor& heatmaps, const Detections& detections) {
  if (!heatmaps.defined()) return {};
  const NoGrad no_grad;
  const int64_t n = detections.boxes.size(0), slots = detections.boxes.size(1);
  return ops::heatmap_peaks(heatmaps, detections.boxes.view({n * slots, 4}),
                            images_of(detections.counts, slots));
}

}  // namespace denovo::detection
