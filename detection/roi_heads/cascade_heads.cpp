#include "detection/roi_heads/cascade_heads.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "core/run/profile.h"
#include "ops/add/add.h"
#include "ops/channel_affine/channel_affine.h"
#include "ops/detection_candidates/detection_candidates.h"
#include "ops/gather_rows/gather_rows.h"
#include "ops/gradient_norm/gradient_norm.h"
#include "ops/scale_gradient/scale_gradient.h"
#include "ops/softmax/softmax.h"

namespace denovo::detection {
namespace {

// Of the RPN, of each stage, of masks and keypoints.
static_assert(2 + 2 * kMostStages + 2 <= ops::kMaxLosses);

/// x [R, C] divided by count.
Tensor divided(const Tensor& x, size_t count) {
  const int64_t rows = x.size(0), channels = x.size(1);
  return ops::channel_affine(
             x.view({rows, 1, 1, channels}),
             Tensor::full({channels}, 1.0 / static_cast<double>(count), x.dtype(), x.device()),
             Tensor::zeros({channels}, x.dtype(), x.device()))
      .view({rows, channels});
}

/// Boxes [N, S, 4] as those of each of num_classes: [N, S K, 4].
Tensor for_each_class(const Tensor& boxes, int num_classes) {
  const int64_t n = boxes.size(0), slots = boxes.size(1);
  std::vector<int32_t> rows;
  for (int64_t i = 0; i < n * slots * num_classes; ++i)
    rows.push_back(static_cast<int32_t>(i / num_classes % slots));
  return ops::gather_rows(boxes, Tensor::from({n, slots * num_classes}, rows, boxes.device()));
}

}  // namespace

CascadeHeads::CascadeHeads(const ModelConfig& config, std::span<const int> strides, int in_channels,
                           int num_classes)
    : RoiHeads(config, strides, num_classes), box_heads_(*this), box_predictors_(*this) {
  for (size_t stage = 0; stage < config.cascade.ious.size(); ++stage) {
    box_heads_.add(fmt::format("box_head.{}", stage), config.box, config.head_norm(config.box.norm),
                   in_channels);
    box_predictors_.add(fmt::format("box_predictor.{}", stage), config.box.fc_channels, num_classes,
                        1);
  }
  add_instance_heads(strides, in_channels);
}

std::vector<const BoxHead*> CascadeHeads::box_heads() const {
  std::vector<const BoxHead*> heads;
  for (const auto& head : box_heads_) heads.push_back(head.get());
  return heads;
}

ops::BoxWeights CascadeHeads::weights(size_t stage) const {
  const double weight = config_.cascade.box_weights[stage];
  return {weight, weight, weight / 2, weight / 2};
}

BoxPredictor::Output CascadeHeads::predict_boxes(size_t stage, const std::vector<Tensor>& features,
                                                 const Tensor& boxes, const Tensor& images,
                                                 const ops::DropoutRows& dropout) const {
  const ProfileGroup group("box_head");
  const Tensor pooled = ops::scale_gradient(box_pooler_.forward(features, boxes, images),
                                            1.0 / static_cast<double>(num_stages()));
  return box_predictors_[stage].forward(box_heads_[stage].forward(pooled, images, dropout));
}

Tensor CascadeHeads::next_boxes(size_t stage, const Tensor& boxes, const Tensor& deltas,
                                const Tensor& image_sizes) const {
  const NoGrad no_grad;
  const int64_t n = image_sizes.size(0);
  return ops::clip_boxes(
      ops::decode_boxes(boxes, deltas, weights(stage)).view({n, boxes.size(0) / n, 4}),
      image_sizes);
}

NamedLosses CascadeHeads::losses(const std::vector<Tensor>& features, const RoiBatch& rois,
                                 const GroundTruth& gt, const Tensor& image_sizes,
                                 const LossGroups& groups) const {
  NamedLosses losses;
  RoiBatch seen = rois;
  for (size_t stage = 0; stage < num_stages(); ++stage) {
    const ProfileGroup group("box_head");
    const BoxPredictor::Output output =
        predict_boxes(stage, features, seen.boxes, seen.images, seen.dropout);
    for (auto& [name, loss] :
         box_losses(config_.box, output, seen, gt, num_classes_, groups, weights(stage)))
      losses.emplace_back(fmt::format("{}_stage{}", name, stage), std::move(loss));
    if (stage + 1 == num_stages()) break;
    const Tensor boxes = next_boxes(stage, seen.boxes, output.deltas, image_sizes);
    ops::DropoutRows dropout = seen.dropout;
    seen = match_rois(boxes, gt, config_.cascade.ious[stage + 1], num_classes_);
    if (!dropout.defined()) continue;
    dropout.images = seen.images;
    seen.dropout = dropout;
  }
  const RoiBatch foreground =
      first_foreground(seen, image_sizes.size(0), config_.box.max_foreground(), num_classes_);
  for (auto& loss : instance_heads().losses(features, foreground, gt, groups))
    losses.push_back(std::move(loss));
  return losses;
}

ScoredBoxes CascadeHeads::score_boxes(const std::vector<Tensor>& features,
                                      const Proposals& proposals, const Tensor& image_sizes) const {
  const NoGrad no_grad;
  const int64_t n = proposals.boxes.size(0), slots = proposals.boxes.size(1);
  const Tensor images = images_of(proposals.counts, slots);
  Tensor boxes = proposals.boxes, sum;
  for (size_t stage = 0; stage < num_stages(); ++stage) {
    const Tensor rows = boxes.view({n * slots, 4});
    const BoxPredictor::Output output = predict_boxes(stage, features, rows, images);
    const Tensor probabilities = ops::softmax(output.logits);
    sum = stage == 0 ? probabilities : ops::add(sum, probabilities);
    boxes = next_boxes(stage, rows, output.deltas, image_sizes);
  }
  const ops::DetectionCandidates candidates = ops::detection_candidates(
      divided(sum, num_stages()), proposals.counts, config_.test.score_threshold);
  return {for_each_class(boxes, num_classes_), candidates.scores, candidates.groups};
}

}  // namespace denovo::detection
