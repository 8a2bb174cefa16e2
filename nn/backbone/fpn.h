// Feature pyramid (Lin et al., 2017) on a ResNet, names of detectron2.
#pragma once

#include <algorithm>
#include <array>
#include <bit>

#include "nn/backbone/backbone.h"
#include "nn/backbone/resnet.h"

namespace denovo::nn {

struct FpnOptions {
  int channels = 256;
  NormOptions norm{.kind = NormKind::kNone};
};

/// The l of p_l: the level of stride 2^l.
constexpr int pyramid_level(int stride) {
  return std::countr_zero(static_cast<unsigned>(stride));
}

///   lateral_l = norm(1x1(res_l)),  l = 2 .. 5
///   merged_l  = lateral_l + nearest x2 of merged_{l+1},  merged_5 = lateral_5
///   p_l       = norm(3x3(merged_l)),  p6 = every second pixel of p5
///
/// State dict: bottom_up.*, fpn_lateral2..5.*, fpn_output2..5.*.
class ResNetFpn : public Backbone {
 public:
  ResNetFpn(const ResNetOptions& resnet, const FpnOptions& options);

  /// Of p2..p6: the trunk's, then twice its last.
  static constexpr auto kStrides = [] {
    constexpr auto kTrunk = ResNet::strides();
    std::array<int, kTrunk.size() + 1> strides{};
    *std::copy(kTrunk.begin(), kTrunk.end(), strides.begin()) = 2 * kTrunk.back();
    return strides;
  }();
  std::span<const int> strides() const override { return kStrides; }
  /// Not p6, which serves large anchors only (Lin et al., 2017, section 4).
  std::span<const int> pooled_strides() const override {
    return std::span(kStrides).first(ResNet::strides().size());
  }
  int channels() const override { return channels_; }

  /// What makes p6 of p5.
  static constexpr ops::MaxPool2dOptions kEverySecond{.kernel = 1, .stride = 2};
  /// {p2, p3, p4, p5, p6}.
  std::vector<Tensor> forward(const Tensor& x) const override;

  /// fpn_lateral2.. and fpn_output2...
  const ChildList<ConvNorm>& laterals() const { return laterals_; }
  const ChildList<ConvNorm>& outputs() const { return outputs_; }
  const ResNet& trunk() const override { return *bottom_up_; }
  void freeze(int freeze_at) const override { bottom_up_->freeze(freeze_at); }

 private:
  int channels_;
  Child<ResNet> bottom_up_;
  ChildList<ConvNorm> laterals_, outputs_;  // index 0 is level 2
};

}  // namespace denovo::nn
