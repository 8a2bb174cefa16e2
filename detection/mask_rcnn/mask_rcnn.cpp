#include "detection/mask_rcnn/mask_rcnn.h"

#include "core/autograd/autograd.h"
#include "detection/roi_heads/cascade_heads.h"
#include "detection/roi_heads/standard_heads.h"

namespace denovo::detection {
namespace {

std::unique_ptr<RoiHeads> make_roi_heads(const ModelConfig& config, std::span<const int> strides,
                                         int in_channels, int num_classes) {
  if (config.cascade.enabled)
    return std::make_unique<CascadeHeads>(config, strides, in_channels, num_classes);
  return std::make_unique<StandardHeads>(config, strides, in_channels, num_classes);
}

}  // namespace

MaskRcnn::MaskRcnn(const ModelConfig& config, int num_classes)
    : config_(config),
      num_classes_(num_classes),
      backbone_(*this, "backbone", config.backbone.make()),
      anchor_generator_(config.anchors, backbone_->strides()),
      rpn_(*this, "proposal_generator", config.rpn, backbone_->channels(),
           anchor_generator_.per_cell()),
      roi_heads_(
          *this, "roi_heads",
          make_roi_heads(config, backbone_->pooled_strides(), backbone_->channels(), num_classes)) {
}

NamedLosses MaskRcnn::losses(const ImageBatch& images, const GroundTruth& gt,
                             const SamplingKey& key, const LossGroups& groups,
                             const StageTap& tap) {
  const std::vector<Tensor> features = backbone_->forward(images.pixels);
  const RpnPredictions predictions = rpn_->forward(features);
  const Tensor& anchors = anchor_generator_.anchors(images.pixels.size(1), images.pixels.size(2),
                                                    gt.boxes.dtype(), images.pixels.device());
  const RpnSample sample = rpn_->sample(anchors, gt, images.ids, key);
  NamedLosses losses = rpn_->losses(predictions, sample, anchors, gt, groups);
  Proposals proposals = rpn_->propose(predictions, anchors, images.sizes, true);
  if (tap.proposals) tap.proposals(proposals);
  const RoiBatch rois = sample_rois(config_.box, proposals, gt, images.ids, num_classes_, key);
  if (tap.rois) tap.rois(rois);
  for (auto& loss : roi_heads_->losses(features, rois, gt, images.sizes, groups))
    losses.push_back(std::move(loss));
  return losses;
}

Detections MaskRcnn::detect(const ImageBatch& images) {
  const NoGrad no_grad;
  const FirstStage stage = first_stage(images);
  return roi_heads_->detect(stage.features, stage.proposals, images.sizes);
}

MaskRcnn::FirstStage MaskRcnn::first_stage(const ImageBatch& images) {
  const NoGrad no_grad;
  std::vector<Tensor> features = backbone_->forward(images.pixels);
  const RpnPredictions predictions = rpn_->forward(features);
  const Tensor& anchors =
      anchor_generator_.anchors(images.pixels.size(1), images.pixels.size(2),
                                predictions.logits.dtype(), images.pixels.device());
  Proposals proposals = rpn_->propose(predictions, anchors, images.sizes, false);
  return {std::move(features), std::move(proposals)};
}

Tensor MaskRcnn::normalize(const Tensor& pixels, const Tensor& sizes, DType dtype) const {
  return config_.pixel.normalize(pixels, sizes, dtype);
}

}  // namespace denovo::detection
