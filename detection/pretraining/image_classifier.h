// Image classification with the detector's trunk: what pre-training trains.
#pragma once

#include "detection/pretraining/classifier_config.h"
#include "nn/layers/fc_layers.h"

namespace denovo::detection {

/// logits = linear(fully connected layers(adaptive means of the trunk's last map)). K classes.
///
/// State dict: backbone.bottom_up.* and roi_heads.box_head.fc1.* as in the detector, so that
/// load_backbone takes a classifier's file as it is; linear.*.
class ImageClassifier : public nn::Module {
 public:
  /// The last layer starts from N(0, 0.01), as detectron2's does.
  ImageClassifier(const ClassifierModelConfig& config, int num_classes);

  /// u8 pixels [N, H, W, 3] RGB, their valid sizes i32 [N, 2] -> logits [N, K]. dtype, of the
  /// activations: f32, bf16 or f64; the logits are of its compute type. images: of dropout, in
  /// training.
  Tensor forward(const Tensor& pixels, const Tensor& sizes, DType dtype = DType::kF32,
                 const ops::DropoutRows& images = {}) const;

  const nn::Trunk& trunk() const { return *trunk_; }
  int num_classes() const { return num_classes_; }

 private:
  PixelConfig pixel_;
  int resolution_, num_classes_;
  nn::Child<nn::Trunk> trunk_;
  nn::FcLayers fcs_;
  nn::Child<nn::Linear> linear_;
};

/// How many images have their class first, and among the first five. Classes with equal logits
/// stand in ascending order; NaN stands behind every number.
struct TopCounts {
  int64_t images = 0, top1 = 0, top5 = 0;

  /// logits [N, K], labels i32 [N].
  void add(const Tensor& logits, const Tensor& labels);
};

}  // namespace denovo::detection
