// Region proposal network (Ren et al., 2015) on a feature pyramid.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "detection/rpn/anchor_generator.h"
#include "detection/structures/ground_truth.h"
#include "detection/structures/losses.h"
#include "nn/layers/conv_norm.h"
#include "ops/box_coder/box_coder.h"

namespace denovo::detection {

/// Scales of anchor deltas.
inline constexpr ops::BoxWeights kRpnWeights{1, 1, 1, 1};

/// One head for all levels: 3x3 convolutions, each with ReLU, then objectness and deltas. State
/// dict: conv, or conv.conv0, conv.conv1, … where there are several; objectness_logits,
/// anchor_deltas.
class RpnHead : public nn::Module {
 public:
  RpnHead(int convs, int channels, int anchors_per_cell);

  struct Output {
    std::vector<Tensor> objectness;  // per level [N, h, w, A]
    std::vector<Tensor> deltas;      // per level [N, h, w, 4 A]
  };
  Output forward(const std::vector<Tensor>& features) const;
  const nn::ChildList<nn::ConvNorm>& convs() const { return convs_; }
  const nn::ConvNorm& objectness_logits() const { return *objectness_logits_; }
  const nn::ConvNorm& anchor_deltas() const { return *anchor_deltas_; }

 private:
  nn::ChildList<nn::ConvNorm> convs_;
  nn::Child<nn::ConvNorm> objectness_logits_, anchor_deltas_;
};

/// Raw predictions for all anchors of all levels.
struct RpnPredictions {
  Tensor logits;                     // [N, M]
  Tensor deltas;                     // [N, M, 4]
  std::vector<int64_t> level_sizes;  // anchors per level, sum M
};

/// P slots per image, descending by objectness.
struct Proposals {
  Tensor boxes;   // [N, P, 4], clipped to the image; zeros in empty slots
  Tensor logits;  // [N, P] objectness; -infinity in empty slots
  Tensor counts;  // i32 [N]
};

/// Anchors chosen for the loss.
struct RpnSample {
  Tensor indices;  // i32 [N, S]: positives first, -1 = empty
  Tensor labels;   // i32 [N, S]: 1, 0, -1 = empty
  Tensor matched;  // i32 [N, S]: ground truth
};

class Rpn : public nn::Module {
 public:
  Rpn(const RpnConfig& config, int channels, int anchors_per_cell);

  RpnPredictions forward(const std::vector<Tensor>& features) const;
  const RpnConfig& config() const { return config_; }
  const RpnHead& head() const { return *rpn_head_; }

  /// Top-k per level, decode, clip, drop empty boxes, NMS per level, best P over all levels. No
  /// gradient.
  Proposals propose(const RpnPredictions& predictions, const Tensor& anchors,
                    const Tensor& image_sizes, bool training) const;

  /// Anchors matched to the ground truth and sampled, half of them positive where there are enough.
  RpnSample sample(const Tensor& anchors, const GroundTruth& gt, const Tensor& image_ids,
                   const SamplingKey& key) const;

  /// loss_rpn_cls and loss_rpn_loc: objectness cross-entropy and box L1 over sampled anchors,
  /// divided by batch_per_image per image, averaged over groups (detectron2's normaliser).
  NamedLosses losses(const RpnPredictions& predictions, const RpnSample& sample,
                     const Tensor& anchors, const GroundTruth& gt, const LossGroups& groups) const;

 private:
  /// The level of every candidate of top_k, i32; uploaded once for each set of level sizes.
  const Tensor& candidate_levels(const std::vector<int64_t>& level_sizes, int64_t k,
                                 Device device) const;

  RpnConfig config_;
  nn::Child<RpnHead> rpn_head_;
  mutable std::map<std::pair<std::vector<int64_t>, int64_t>, Tensor> candidate_levels_;
};

}  // namespace denovo::detection
