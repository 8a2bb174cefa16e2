// Image classification with the detector's trunk: what pre-training trains.
#pragma once

#include "detection/config/model_config.h"
#include "nn/layers/linear.h"

namespace denovo::detection {

/// logits = linear(mean over pixels of res5). K classes.
///
/// State dict: backbone.bottom_up.* as in the detector, so that load_backbone takes a classifier's
/// file as it is; linear.*.
class ImageClassifier : public nn::Module {
 public:
  /// Of the backbone's configuration only the ResNet counts. The linear layer starts from
  /// N(0, 0.01), as detectron2's does.
  ImageClassifier(const BackboneConfig& backbone, const PixelConfig& pixel, int num_classes);

  /// u8 pixels [N, H, W, 3] RGB, their valid sizes i32 [N, 2] -> logits [N, K]. dtype, of the
  /// activations: f32, bf16 or f64; the logits are of its compute type.
  Tensor forward(const Tensor& pixels, const Tensor& sizes, DType dtype = DType::kF32) const;

  const nn::ResNet& trunk() const { return *trunk_; }
  int num_classes() const { return num_classes_; }

 private:
  PixelConfig pixel_;
  int num_classes_;
  nn::Child<nn::ResNet> trunk_;
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
