#include "detection/rpn/rpn.h"

#include <fmt/format.h>

#include <limits>

#include "core/autograd/autograd.h"
#include "core/run/profile.h"
#include "ops/balanced_sample/balanced_sample.h"
#include "ops/box_regression_loss/box_regression_loss.h"
#include "ops/cast/cast.h"
#include "ops/concat_levels/concat_levels.h"
#include "ops/gather_rows/gather_rows.h"
#include "ops/loss_weights/loss_weights.h"
#include "ops/match_boxes/match_boxes.h"
#include "ops/nms/nms.h"
#include "ops/reshape/reshape.h"
#include "ops/sigmoid_bce/sigmoid_bce.h"
#include "ops/size_filter/size_filter.h"
#include "ops/top_k/top_k.h"

namespace denovo::detection {
namespace {

nn::ConvNormOptions head_conv(int kernel, bool relu) {
  return {.kernel = kernel,
          .padding = kernel / 2,
          .relu = relu,
          .init = nn::ConvNormOptions::Init::kNormal,
          .deviation = 0.01};
}

}  // namespace

RpnHead::RpnHead(int convs, int channels, int anchors_per_cell)
    : convs_(*this),
      objectness_logits_(*this, "objectness_logits", channels, anchors_per_cell,
                         head_conv(1, false)),
      anchor_deltas_(*this, "anchor_deltas", channels, 4 * anchors_per_cell, head_conv(1, false)) {
  for (int i = 0; i < convs; ++i)
    convs_.add(convs == 1 ? "conv" : fmt::format("conv.conv{}", i), channels, channels,
               head_conv(3, true));
}

RpnHead::Output RpnHead::forward(const std::vector<Tensor>& features) const {
  Output output;
  for (const Tensor& feature : features) {
    Tensor hidden = feature;
    for (const auto& conv : convs_) hidden = conv->forward(hidden);
    output.objectness.push_back(objectness_logits_->forward(hidden));
    output.deltas.push_back(anchor_deltas_->forward(hidden));
  }
  return output;
}

Rpn::Rpn(const RpnConfig& config, int channels, int anchors_per_cell)
    : config_(config), rpn_head_(*this, "rpn_head", config.convs, channels, anchors_per_cell) {}

RpnPredictions Rpn::forward(const std::vector<Tensor>& features) const {
  const ProfileGroup group("rpn");
  const RpnHead::Output output = rpn_head_->forward(features);
  RpnPredictions predictions;
  for (const Tensor& level : output.objectness)
    predictions.level_sizes.push_back(level.numel() / level.size(0));
  const Tensor logits = ops::concat_levels(output.objectness, 1);
  // Scores and boxes are compared, sorted and judged in f32 whatever the network computes in.
  const DType dtype = compute_dtype(logits.dtype());
  predictions.logits = ops::cast(ops::reshape(logits, {logits.size(0), logits.size(1)}), dtype);
  predictions.deltas = ops::cast(ops::concat_levels(output.deltas, 4), dtype);
  return predictions;
}

const Tensor& Rpn::candidate_levels(const std::vector<int64_t>& level_sizes, int64_t k,
                                    Device device) const {
  Tensor& cached = candidate_levels_[{level_sizes, k}];
  if (cached.defined() && cached.device() == device) return cached;
  std::vector<int32_t> levels;
  for (size_t level = 0; level < level_sizes.size(); ++level) {
    levels.insert(levels.end(), static_cast<size_t>(std::min(k, level_sizes[level])),
                  static_cast<int32_t>(level));
  }
  cached = Tensor::from({static_cast<int64_t>(levels.size())}, levels, device);
  return cached;
}

Proposals Rpn::propose(const RpnPredictions& predictions, const Tensor& anchors,
                       const Tensor& image_sizes, bool training) const {
  const NoGrad no_grad;
  const ProfileGroup group("rpn");
  const int64_t pre = training ? config_.pre_nms_topk_train : config_.pre_nms_topk_test;
  const int64_t post = training ? config_.post_nms_topk_train : config_.post_nms_topk_test;
  const ops::TopK best = ops::top_k(predictions.logits, predictions.level_sizes, pre);
  const int64_t n = best.indices.size(0), candidates = best.indices.size(1);
  const Tensor chosen = ops::gather_rows(anchors, best.indices).view({n * candidates, 4});
  const Tensor deltas =
      ops::gather_rows(predictions.deltas, best.indices).view({n * candidates, 4});
  const Tensor boxes = ops::clip_boxes(
      ops::decode_boxes(chosen, deltas, kRpnWeights).view({n, candidates, 4}), image_sizes);
  const Tensor levels = ops::size_filter(
      boxes, candidate_levels(predictions.level_sizes, pre, boxes.device()), config_.min_size);
  const ops::NmsResult kept = ops::batched_nms(boxes, best.values, levels, config_.nms_iou, post);
  return {ops::gather_rows(boxes, kept.keep),
          ops::gather_rows(best.values, kept.keep, -std::numeric_limits<double>::infinity()),
          kept.counts};
}

RpnSample Rpn::sample(const Tensor& anchors, const GroundTruth& gt, const Tensor& image_ids,
                      const SamplingKey& key) const {
  const NoGrad no_grad;
  const ProfileGroup group("rpn");
  const ops::Match matches = ops::match_boxes(
      anchors.view({anchors.size(1), 4}), gt.boxes, gt.classes,
      {.low = config_.negative_iou, .high = config_.positive_iou, .low_quality_matches = true});
  const ops::BalancedSample chosen =
      ops::balanced_sample(matches.labels, image_ids, key.step->get(),
                           {.num = config_.batch_per_image,
                            .positive_fraction = config_.positive_fraction,
                            .seed = key.seed,
                            .purpose = RandomPurpose::kRpnSample});
  return {chosen.indices, ops::gather_rows(matches.labels, chosen.indices, -1),
          ops::gather_rows(matches.matched, chosen.indices, -1)};
}

NamedLosses Rpn::losses(const RpnPredictions& predictions, const RpnSample& sample,
                        const Tensor& anchors, const GroundTruth& gt,
                        const LossGroups& groups) const {
  const ProfileGroup group("rpn");
  const int64_t n = sample.indices.size(0), rows = sample.indices.numel();
  ops::LossWeightOptions weighting{.num_images = n,
                                   .images_per_group = groups.images_per_group,
                                   .total_groups = groups.total_groups,
                                   .normalizer = ops::LossNormalizer::kRowsPerImage,
                                   .rows_per_image = config_.batch_per_image,
                                   .dtype = gt.boxes.dtype()};
  const Tensor every = ops::loss_weights(sample.labels, {}, weighting);
  weighting.class_begin = 1;
  const Tensor positive = ops::loss_weights(sample.labels, {}, weighting);

  const Tensor logits = ops::gather_rows(predictions.logits, sample.indices);
  const Tensor deltas =
      ops::reshape(ops::gather_rows(predictions.deltas, sample.indices), {rows, 4});
  const Tensor targets = ops::encode_matched(ops::gather_rows(anchors, sample.indices), gt.boxes,
                                             sample.matched, sample.labels, kRpnWeights);
  const Tensor first = Tensor::zeros({rows}, DType::kI32, deltas.device());
  return {
      {"loss_rpn_cls", ops::sigmoid_bce(ops::reshape(logits, {rows}), sample.labels.view({rows}),
                                        every.view({rows}))},
      {"loss_rpn_loc", ops::box_regression_loss(deltas, first, targets.view({rows, 4}),
                                                positive.view({rows}), config_.smooth_l1_beta)}};
}

}  // namespace denovo::detection
