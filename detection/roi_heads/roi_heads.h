// The second stage: box head and mask head on pooled features.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "detection/roi_heads/box_head.h"
#include "detection/roi_heads/mask_head.h"

namespace denovo::detection {

/// RoIAlign over the first levels of a pyramid.
class Pooler {
 public:
  /// strides: input pixels per cell of those levels.
  Pooler(const PoolerConfig& config, std::span<const int> strides, int resolution)
      : config_(config), strides_(strides.begin(), strides.end()), resolution_(resolution) {}
  /// features: per level [N, h, w, C], those without a stride are not read; boxes [R, 4]; images
  /// i32 [R] -> [R, S, S, C], zeros in empty slots.
  Tensor forward(const std::vector<Tensor>& features, const Tensor& boxes,
                 const Tensor& images) const;

 private:
  PoolerConfig config_;
  std::vector<double> strides_;
  int resolution_;
};

/// D slots per image, descending by score; D is at most test.detections_per_image.
struct Detections {
  Tensor boxes;    // [N, D, 4] in pixels of the network input
  Tensor scores;   // [N, D]; 0 in empty slots
  Tensor classes;  // i32 [N, D]; -1 in empty slots
  Tensor counts;   // i32 [N]
  Tensor masks;    // [N * D, S, S] probabilities; undefined without a mask head
};

/// State dict: box_head, box_predictor, mask_head.
class RoiHeads : public nn::Module {
 public:
  /// strides: of the levels, finest first, that RoIs are pooled from; in_channels: of each level.
  RoiHeads(const ModelConfig& config, std::span<const int> strides, int in_channels,
           int num_classes);

  /// loss_cls, loss_box_reg and, with a mask head, loss_mask.
  NamedLosses losses(const std::vector<Tensor>& features, const RoiBatch& rois,
                     const GroundTruth& gt, const LossGroups& groups) const;
  Detections detect(const std::vector<Tensor>& features, const Proposals& proposals,
                    const Tensor& image_sizes) const;

  BoxPredictor::Output predict_boxes(const std::vector<Tensor>& features, const Tensor& boxes,
                                     const Tensor& images) const;
  /// Mask logits [R, S, S, K]. Requires a mask head.
  Tensor predict_masks(const std::vector<Tensor>& features, const Tensor& boxes,
                       const Tensor& images) const;

 private:
  ModelConfig config_;
  int num_classes_;
  Pooler box_pooler_, mask_pooler_;
  nn::Child<BoxHead> box_head_;
  nn::Child<BoxPredictor> box_predictor_;
  std::unique_ptr<nn::Child<MaskHead>> mask_head_;
};

}  // namespace denovo::detection
