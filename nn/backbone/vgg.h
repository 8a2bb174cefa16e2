// VGG trunks (Simonyan and Zisserman, 2014), names of Caffe's and Detectron's models.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "nn/backbone/backbone.h"
#include "nn/layers/conv_norm.h"
#include "ops/max_pool2d/max_pool2d.h"

namespace denovo::nn {

struct VggOptions {
  std::vector<int> convs{2, 2, 3, 3, 3};  // 3x3 convolutions of each stage
  int in_channels = 3;
  std::vector<int> channels{64, 128, 256, 512, 512};  // widths of the stages
  NormOptions norm{.kind = NormKind::kNone};
  bool xavier = false;     // initialiser: Caffe2's XavierFill; false: c2_msra_fill
  bool last_pool = false;  // also behind the last stage, as classifiers have it: stride 32, not 16

  /// The stages of VGG-11, 13, 16 or 19; throws ConfigError for another depth.
  static VggOptions of_depth(int depth);
  /// Throws ConfigError unless convs and channels name five stages.
  void check() const;
};

/// Five stages of 3x3 convolutions (norm) ReLU, with 2x2 max-pools between them. State dict:
/// conv1_1.*, conv1_2.*, ... conv5_3.*.
class Vgg : public Trunk {
 public:
  static constexpr ops::MaxPool2dOptions kPool{.kernel = 2, .stride = 2};
  static constexpr size_t kNumStages = 5;
  /// Input pixels per cell of the last stage's map, before a pool behind it.
  static constexpr int kStride = 16;

  /// Throws what options.check() throws.
  explicit Vgg(const VggOptions& options);

  /// x [N, H, W, in_channels] -> {conv5}, or its pool.
  std::vector<Tensor> forward(const Tensor& x) const override;
  const ChildList<ConvNorm>& stage(size_t i) const { return *stages_[i]; }
  bool has_last_pool() const { return last_pool_; }
  const std::vector<int>& channels() const override { return channels_; }
  void freeze(int freeze_at) const override;

 private:
  std::vector<std::unique_ptr<ChildList<ConvNorm>>> stages_;
  std::vector<int> channels_;
  bool last_pool_;
};

/// conv5 of a VGG, as Fast and Faster R-CNN stand on it: one map and no pyramid. State dict:
/// bottom_up.*.
class VggC5 : public Backbone {
 public:
  explicit VggC5(const VggOptions& options) : bottom_up_(*this, "bottom_up", options) {}

  std::span<const int> strides() const override { return kStrides; }
  std::span<const int> pooled_strides() const override { return kStrides; }
  int channels() const override { return bottom_up_->channels().back(); }
  std::vector<Tensor> forward(const Tensor& x) const override { return bottom_up_->forward(x); }
  const Vgg& trunk() const override { return *bottom_up_; }
  void freeze(int freeze_at) const override { bottom_up_->freeze(freeze_at); }

 private:
  static constexpr std::array kStrides{Vgg::kStride};
  Child<Vgg> bottom_up_;
};

}  // namespace denovo::nn
