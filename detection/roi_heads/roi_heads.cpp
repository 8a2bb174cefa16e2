#include "detection/roi_heads/roi_heads.h"

#include "core/autograd/autograd.h"
#include "core/run/profile.h"
#include "ops/detection_candidates/detection_candidates.h"
#include "ops/heatmap_peaks/heatmap_peaks.h"
#include "ops/mask_probabilities/mask_probabilities.h"
#include "ops/softmax/softmax.h"

namespace denovo::detection {
namespace {

/// images[n, p] = n for the first counts[n] slots, -1 beyond; i32 [N * P].
Tensor images_of(const Tensor& counts, int64_t slots) {
  const auto used = counts.to_vector<int32_t>();
  std::vector<int32_t> images;
  for (size_t n = 0; n < used.size(); ++n) {
    for (int64_t p = 0; p < slots; ++p)
      images.push_back(p < used[n] ? static_cast<int32_t>(n) : -1);
  }
  return Tensor::from({static_cast<int64_t>(images.size())}, images, counts.device());
}

}  // namespace

Pooler::Pooler(const PoolerConfig& config, std::span<const int> strides, int resolution)
    : strides_(strides.begin(), strides.end()),
      options_{.output_size = resolution,
               .sampling_ratio = config.sampling_ratio,
               .aligned = config.aligned,
               .canonical_size = static_cast<double>(config.canonical_size),
               .canonical_level = config.canonical_level} {}

Tensor Pooler::forward(const std::vector<Tensor>& features, const Tensor& boxes,
                       const Tensor& images) const {
  return ops::roi_align(std::span(features).first(strides_.size()), strides_, boxes, images,
                        options_);
}

RoiHeads::RoiHeads(const ModelConfig& config, std::span<const int> strides, int in_channels,
                   int num_classes)
    : config_(config),
      num_classes_(num_classes),
      box_pooler_(config.pooler, strides, config.box.resolution),
      mask_pooler_(config.pooler, strides, config.mask.resolution),
      keypoint_pooler_(config.pooler, strides, config.keypoint.resolution),
      box_head_(*this, "box_head", config.box, config.head_norm(config.box.norm), in_channels),
      box_predictor_(*this, "box_predictor", config.box.fc_channels, num_classes) {
  if (config.mask.enabled) {
    mask_head_ = std::make_unique<nn::Child<MaskHead>>(*this, "mask_head", config.mask,
                                                       config.head_norm(config.mask.norm),
                                                       in_channels, num_classes);
  }
  if (config.keypoint.enabled) {
    keypoint_head_ = std::make_unique<nn::Child<KeypointHead>>(
        *this, "keypoint_head", config.keypoint, config.head_norm(config.keypoint.norm),
        in_channels);
  }
}

int64_t RoiHeads::foreground_capacity(int64_t n) const {
  return n * static_cast<int64_t>(config_.box.batch_per_image * config_.box.positive_fraction);
}

BoxPredictor::Output RoiHeads::predict_boxes(const std::vector<Tensor>& features,
                                             const Tensor& boxes, const Tensor& images,
                                             const ops::DropoutRows& dropout) const {
  const ProfileGroup group("box_head");
  return box_predictor_->forward(
      box_head_->forward(box_pooler_.forward(features, boxes, images), images, dropout));
}

Tensor RoiHeads::predict_masks(const std::vector<Tensor>& features, const Tensor& boxes,
                               const Tensor& images) const {
  const ProfileGroup group("mask_head");
  return (*mask_head_)->forward(mask_pooler_.forward(features, boxes, images), images);
}

Tensor RoiHeads::predict_keypoints(const std::vector<Tensor>& features, const Tensor& boxes,
                                   const Tensor& images) const {
  const ProfileGroup group("keypoint_head");
  return (*keypoint_head_)->forward(keypoint_pooler_.forward(features, boxes, images), images);
}

NamedLosses RoiHeads::losses(const std::vector<Tensor>& features, const RoiBatch& rois,
                             const GroundTruth& gt, const LossGroups& groups) const {
  NamedLosses losses;
  {
    const ProfileGroup group("box_head");
    losses = box_losses(config_.box, predict_boxes(features, rois.boxes, rois.images, rois.dropout),
                        rois, gt, num_classes_, groups);
  }
  if (mask_head_) {
    const ProfileGroup group("mask_head");
    const RoiBatch with_mask =
        mask_rois(rois, gt.masks, num_classes_, foreground_capacity(gt.boxes.size(0)));
    losses.emplace_back("loss_mask",
                        mask_loss(predict_masks(features, with_mask.boxes, with_mask.images),
                                  with_mask, gt, num_classes_, groups));
  }
  if (keypoint_head_) {
    const ProfileGroup group("keypoint_head");
    const KeypointRois posed =
        keypoint_rois(rois, gt.keypoints, num_classes_, foreground_capacity(gt.boxes.size(0)),
                      kHeatmapScale * config_.keypoint.resolution);
    losses.emplace_back(
        "loss_keypoint",
        keypoint_loss(config_.keypoint,
                      predict_keypoints(features, posed.rois.boxes, posed.rois.images), posed,
                      gt.boxes.size(0), foreground_capacity(1), groups));
  }
  return losses;
}

Detections RoiHeads::detect(const std::vector<Tensor>& features, const Proposals& proposals,
                            const Tensor& image_sizes) const {
  Detections detections =
      best_detections(score_boxes(features, proposals, image_sizes), config_.test);
  detections.masks = detect_masks(features, detections);
  detections.keypoints = keypoints_of(detect_heatmaps(features, detections), detections);
  return detections;
}

ScoredBoxes RoiHeads::score_boxes(const std::vector<Tensor>& features, const Proposals& proposals,
                                  const Tensor& image_sizes) const {
  const NoGrad no_grad;
  const int64_t n = proposals.boxes.size(0), slots = proposals.boxes.size(1);
  const Tensor boxes = proposals.boxes.view({n * slots, 4});
  const BoxPredictor::Output output =
      predict_boxes(features, boxes, images_of(proposals.counts, slots));
  const Tensor decoded =
      ops::decode_boxes(boxes, output.deltas, kBoxWeights).view({n, slots * num_classes_, 4});
  const Tensor clipped = ops::clip_boxes(decoded, image_sizes);
  const ops::DetectionCandidates candidates = ops::detection_candidates(
      ops::softmax(output.logits), proposals.counts, config_.test.score_threshold);
  return {clipped, candidates.scores, candidates.groups};
}

Tensor RoiHeads::detect_masks(const std::vector<Tensor>& features,
                              const Detections& detections) const {
  if (!mask_head_) return {};
  const NoGrad no_grad;
  const int64_t n = detections.boxes.size(0), slots = detections.boxes.size(1);
  const Tensor logits = predict_masks(features, detections.boxes.view({n * slots, 4}),
                                      images_of(detections.counts, slots));
  return ops::mask_probabilities(logits, detections.classes.view({n * slots}));
}

Tensor RoiHeads::detect_heatmaps(const std::vector<Tensor>& features,
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
