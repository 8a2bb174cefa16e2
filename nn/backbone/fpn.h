// Feature pyramid (Lin et al., 2017) on a ResNet, names of detectron2.
#pragma once

#include "nn/backbone/resnet.h"

namespace denovo::nn {

struct FpnOptions {
  int channels = 256;
  NormOptions norm{.kind = NormKind::kNone};
};

///   lateral_l = norm(1x1(res_l)),  l = 2 .. 5
///   merged_l  = lateral_l + nearest x2 of merged_{l+1},  merged_5 = lateral_5
///   p_l       = norm(3x3(merged_l)),  p6 = every second pixel of p5
///
/// State dict: bottom_up.*, fpn_lateral2..5.*, fpn_output2..5.*.
class ResNetFpn : public Module {
 public:
  ResNetFpn(const ResNetOptions& resnet, const FpnOptions& options);

  /// x [N, H, W, 3], H and W multiples of 32 -> {p2, p3, p4, p5, p6}, strides 4, 8, 16, 32, 64.
  std::vector<Tensor> forward(const Tensor& x) const;
  const ResNet& bottom_up() const { return *bottom_up_; }
  int channels() const { return channels_; }

 private:
  int channels_;
  Child<ResNet> bottom_up_;
  ChildList<ConvNorm> laterals_, outputs_;  // index 0 is level 2
};

}  // namespace denovo::nn
