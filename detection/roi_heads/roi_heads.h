// The second stage of a detector, as MaskRcnn calls it: boxes by one head (StandardHeads) or by
// several (CascadeHeads), masks and keypoints in either case by InstanceHeads.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "detection/roi_heads/box_head.h"
#include "detection/roi_heads/instance_heads.h"

namespace denovo::detection {

class RoiHeads : public nn::Module {
 public:
  /// The losses of boxes and, with such heads, loss_mask and loss_keypoint. rois: image by image,
  /// as sample_rois gives them; image_sizes: i32 [N, 2], height and width.
  virtual NamedLosses losses(const std::vector<Tensor>& features, const RoiBatch& rois,
                             const GroundTruth& gt, const Tensor& image_sizes,
                             const LossGroups& groups) const = 0;

  /// Each of P proposals as each of K classes: C = P K candidates, proposal by proposal, clipped to
  /// image_sizes. Empty slots, and scores that do not exceed test.score_threshold, are no
  /// candidates. No gradient.
  virtual ScoredBoxes score_boxes(const std::vector<Tensor>& features, const Proposals& proposals,
                                  const Tensor& image_sizes) const = 0;
  /// Test time: score_boxes, best_detections, detect_masks, detect_heatmaps.
  Detections detect(const std::vector<Tensor>& features, const Proposals& proposals,
                    const Tensor& image_sizes) const;
  /// InstanceHeads::detect_masks and detect_heatmaps.
  Tensor detect_masks(const std::vector<Tensor>& features, const Detections& detections) const {
    return instance_heads().detect_masks(features, detections);
  }
  Tensor detect_heatmaps(const std::vector<Tensor>& features, const Detections& detections) const {
    return instance_heads().detect_heatmaps(features, detections);
  }

  /// By stage.
  virtual std::vector<const BoxHead*> box_heads() const = 0;
  const InstanceHeads& instance_heads() const { return *instance_heads_; }

 protected:
  RoiHeads(const ModelConfig& config, std::span<const int> strides, int num_classes)
      : config_(config),
        num_classes_(num_classes),
        box_pooler_(config.pooler, strides, config.box.resolution) {}
  /// Called by constructors behind their box heads, as a state dict has them.
  void add_instance_heads(std::span<const int> strides, int in_channels) {
    instance_heads_.emplace(*this, config_, strides, in_channels, num_classes_);
  }

  const ModelConfig config_;
  const int num_classes_;
  const Pooler box_pooler_;

 private:
  std::optional<InstanceHeads> instance_heads_;
};

}  // namespace denovo::detection
