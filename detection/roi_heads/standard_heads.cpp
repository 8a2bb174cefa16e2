#include "detection/roi_heads/standard_heads.h"

#include "core/autograd/autograd.h"
#include "core/run/profile.h"
#include "ops/detection_candidates/detection_candidates.h"
#include "ops/softmax/softmax.h"

namespace denovo::detection {

StandardHeads::StandardHeads(const ModelConfig& config, std::span<const int> strides,
                             int in_channels, int num_classes)
    : RoiHeads(config, strides, num_classes),
      box_head_(*this, "box_head", config.box, config.head_norm(config.box.norm), in_channels),
      box_predictor_(*this, "box_predictor", config.box.fc_channels, num_classes, num_classes) {
  add_instance_heads(strides, in_channels);
}

BoxPredictor::Output StandardHeads::predict_boxes(const std::vector<Tensor>& features,
                                                  const Tensor& boxes, const Tensor& images,
                                                  const ops::DropoutRows& dropout) const {
  const ProfileGroup group("box_head");
  return box_predictor_->forward(
      box_head_->forward(box_pooler_.forward(features, boxes, images), images, dropout));
}

NamedLosses StandardHeads::losses(const std::vector<Tensor>& features, const RoiBatch& rois,
                                  const GroundTruth& gt, const Tensor&,
                                  const LossGroups& groups) const {
  const RoiBatch valid = rois.valid_first();
  NamedLosses losses;
  {
    const ProfileGroup group("box_head");
    losses =
        box_losses(config_.box, predict_boxes(features, valid.boxes, valid.images, valid.dropout),
                   valid, gt, num_classes_, groups);
  }
  for (auto& loss : instance_heads().losses(features, valid, gt, groups))
    losses.push_back(std::move(loss));
  return losses;
}

ScoredBoxes StandardHeads::score_boxes(const std::vector<Tensor>& features,
                                       const Proposals& proposals,
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

}  // namespace denovo::detection
