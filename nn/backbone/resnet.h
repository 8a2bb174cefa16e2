// ResNet and ResNeXt trunks (He et al., 2015; Xie et al., 2016), names and layout of detectron2.
#pragma once

#include <array>
#include <vector>

#include "nn/backbone/trunk.h"
#include "nn/layers/conv_norm.h"
#include "ops/max_pool2d/max_pool2d.h"

namespace denovo::nn {

struct ResNetOptions {
  std::vector<int> blocks{3, 4, 6, 3};  // per stage res2..res5
  bool bottleneck = true;               // 1x1, 3x3, 1x1; otherwise two 3x3
  int in_channels = 3;
  int stem_channels = 64;
  std::vector<int> channels{256, 512, 1024, 2048};  // output widths of res2..res5
  int groups = 1;              // of the 3x3 convolutions of bottlenecks (ResNeXt: 32)
  int width_per_group = 0;     // bottleneck width of res2 / groups, doubled at every stage;
                               // 0: bottlenecks are a quarter of their stage's output
  bool stride_in_1x1 = false;  // of a bottleneck; false: in the 3x3, as in the paper's GN models
  NormOptions norm;
  bool xavier = false;  // trunk initialiser: Caffe2's XavierFill (the paper's code);
                        // false: c2_msra_fill (detectron2)

  /// Blocks, kind and widths of ResNet-18, 34, 50, 101 or 152; throws ConfigError for another
  /// depth.
  static ResNetOptions of_depth(int depth);
  /// Width of the 3x3 convolutions in the bottlenecks of a stage, 0 = res2.
  int bottleneck_channels(size_t stage) const;
  /// Throws ConfigError unless blocks and channels name four stages and widths divide by groups.
  void check() const;
};

/// One residual block: y = relu(branch(x) + shortcut(x)).
class ResidualBlock : public Module {
 public:
  ResidualBlock(const ResNetOptions& options, int in_channels, int bottleneck_channels,
                int out_channels, int stride);
  Tensor forward(const Tensor& x) const;
  const ChildList<ConvNorm>& convs() const { return convs_; }
  /// Null where the block's input is added as it is.
  const ConvNorm* shortcut() const { return shortcut_ ? &**shortcut_ : nullptr; }

 private:
  std::unique_ptr<Child<ConvNorm>> shortcut_;  // 1x1 where shape changes
  ChildList<ConvNorm> convs_;                  // conv1, conv2 (, conv3)
};

/// stem.conv1 (7x7, stride 2) and a 3x3 max pool of stride 2.
class Stem : public Module {
 public:
  static constexpr ops::MaxPool2dOptions kPool{.kernel = 3, .stride = 2, .padding = 1};

  explicit Stem(const ResNetOptions& options);
  Tensor forward(const Tensor& x) const;
  const ConvNorm& conv1() const { return *conv1_; }

 private:
  Child<ConvNorm> conv1_;
};

class ResNet : public Trunk {
 public:
  /// Throws what options.check() throws.
  explicit ResNet(const ResNetOptions& options);

  /// Input pixels per cell of res2..res5: the one place that says how many stages there are and how
  /// coarse; pyramid, anchors, RoI heads and configuration follow it.
  static constexpr std::array<int, 4> strides() { return {4, 8, 16, 32}; }

  /// x [N, H, W, in_channels] -> {res2, res3, res4, res5}.
  std::vector<Tensor> forward(const Tensor& x) const override;
  const Stem& stem() const { return *stem_; }
  size_t num_stages() const { return stages_.size(); }
  const ChildList<ResidualBlock>& stage(size_t i) const { return *stages_[i]; }
  /// Output widths of res2..res5.
  const std::vector<int>& channels() const override { return channels_; }
  /// 1: the stem, 2: stem and res2, ...
  void freeze(int freeze_at) const override;

 private:
  Child<Stem> stem_;
  std::vector<std::unique_ptr<ChildList<ResidualBlock>>> stages_;
  std::vector<int> channels_;
};

}  // namespace denovo::nn
