// Mask R-CNN (He et al., 2017) on the backbone of its configuration; without its mask head it is
// Faster R-CNN, with a keypoint head Keypoint R-CNN, with stages Cascade R-CNN.
#pragma once

#include <functional>

#include "detection/roi_heads/roi_heads.h"

namespace denovo::detection {

/// For whoever measures: what lies between the two stages of a training pass, to be looked at or
/// replaced. Empty functions do nothing.
struct StageTap {
  std::function<void(Proposals&)> proposals;
  std::function<void(const RoiBatch&)> rois;
};

/// State dict: backbone.*, proposal_generator.*, roi_heads.*, names of detectron2.
class MaskRcnn : public nn::Module {
 public:
  MaskRcnn(const ModelConfig& config, int num_classes);

  /// One training forward pass: loss_rpn_cls, loss_rpn_loc and the losses of the RoI heads, ready
  /// for backward.
  nn::NamedLosses losses(const ImageBatch& images, const GroundTruth& gt, const SamplingKey& key,
                         const LossGroups& groups, const StageTap& tap = {});
  /// Test-time detections in network pixels.
  Detections detect(const ImageBatch& images);
  /// What the heads detect on, at test time: features per level, and proposals. No gradient.
  struct FirstStage {
    std::vector<Tensor> features;
    Proposals proposals;
  };
  FirstStage first_stage(const ImageBatch& images);

  /// u8 pixels [N, H, W, 3] RGB and valid sizes i32 [N, 2] to the network's input, in dtype.
  Tensor normalize(const Tensor& pixels, const Tensor& sizes, DType dtype) const;

  const ModelConfig& config() const { return config_; }
  int num_classes() const { return num_classes_; }
  const nn::Backbone& backbone() const { return *backbone_; }
  const Rpn& rpn() const { return *rpn_; }
  const RoiHeads& roi_heads() const { return *roi_heads_; }
  const AnchorGenerator& anchor_generator() const { return anchor_generator_; }
  AnchorGenerator& anchor_generator() { return anchor_generator_; }

 private:
  ModelConfig config_;
  int num_classes_;
  nn::Child<nn::Backbone> backbone_;
  AnchorGenerator anchor_generator_;
  nn::Child<Rpn> rpn_;
  nn::Child<RoiHeads> roi_heads_;
};

}  // namespace denovo::detection
