// Mask R-CNN (He et al., 2017) with a ResNet-FPN trunk; without its mask head it is Faster R-CNN.
#pragma once

#include "detection/roi_heads/roi_heads.h"

namespace denovo::detection {

/// The five losses of a step, scalars on the device; their sum is the objective.
struct Losses {
  Tensor rpn_cls, rpn_loc, cls, box_reg, mask;  // mask undefined without a mask head

  /// The defined ones, with detectron2's names.
  std::vector<std::pair<std::string, Tensor>> named() const;
};

/// How per-image sums become the objective: means within groups of images_per_group images,
/// averaged over total_groups (all ranks and accumulated micro-batches; 0: the groups of this
/// batch).
struct LossGroups {
  int images_per_group = 2;
  int64_t total_groups = 0;
};

/// State dict: backbone.*, proposal_generator.*, roi_heads.*, names of detectron2.
class MaskRcnn : public nn::Module {
 public:
  MaskRcnn(const ModelConfig& config, int num_classes);

  /// One training forward pass; the losses are ready for backward.
  Losses losses(const ImageBatch& images, const GroundTruth& gt, const SamplingKey& key,
                const LossGroups& groups);
  /// Test-time detections in network pixels.
  Detections detect(const ImageBatch& images);

  /// u8 pixels [N, H, W, 3] RGB and valid sizes i32 [N, 2] to the network's input, in dtype.
  Tensor normalize(const Tensor& pixels, const Tensor& sizes, DType dtype) const;

  const ModelConfig& config() const { return config_; }
  int num_classes() const { return num_classes_; }
  const nn::ResNetFpn& backbone() const { return *backbone_; }
  const Rpn& rpn() const { return *rpn_; }
  const RoiHeads& roi_heads() const { return *roi_heads_; }
  AnchorGenerator& anchor_generator() { return anchor_generator_; }

 private:
  ModelConfig config_;
  int num_classes_;
  AnchorGenerator anchor_generator_;
  nn::Child<nn::ResNetFpn> backbone_;
  nn::Child<Rpn> rpn_;
  nn::Child<RoiHeads> roi_heads_;
};

}  // namespace denovo::detection
