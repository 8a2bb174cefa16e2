// What stands on a backbone takes the maps that there are: one instead of a pyramid's.
#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "core/autograd/autograd.h"
#include "detection/roi_heads/standard_heads.h"
#include "nn/backbone/backbone.h"
#include "testing/ramp.h"

using namespace denovo;
using namespace denovo::detection;

namespace {

constexpr int kChannels = 8, kNumClasses = 2;

class Patches : public nn::Trunk {
 public:
  std::vector<Tensor> forward(const Tensor& x) const override { return {conv_->forward(x)}; }
  const std::vector<int>& channels() const override { return widths_; }
  void freeze(int) const override {}

 private:
  std::vector<int> widths_{kChannels};
  nn::Child<nn::ConvNorm> conv_{
      *this, "conv", 3, kChannels,
      nn::ConvNormOptions{.kernel = 16, .stride = 16, .norm = {.num_groups = 2}}};
};

class OneMap : public nn::Backbone {
 public:
  std::span<const int> strides() const override { return kStrides; }
  std::span<const int> pooled_strides() const override { return kStrides; }
  int channels() const override { return kChannels; }
  std::vector<Tensor> forward(const Tensor& x) const override { return trunk_->forward(x); }
  const nn::Trunk& trunk() const override { return *trunk_; }
  void freeze(int) const override {}

 private:
  static constexpr std::array kStrides{16};
  nn::Child<Patches> trunk_{*this, "bottom_up"};
};

}  // namespace

TEST_CASE("backbone: anchors, RPN and RoI heads stand on one map of stride 16") {
  const NoGrad no_grad;
  ModelConfig config;
  config.backbone.num_groups = 2;
  config.anchors.sizes = {32, 48};
  config.box = {.convs = 1, .conv_channels = 8, .fc_channels = 8};
  config.mask.convs = 1;
  config.mask.channels = 8;
  config.test.score_threshold = 0;
  const OneMap backbone;
  AnchorGenerator generator(config.anchors, backbone.strides());
  const Rpn rpn(config.rpn, backbone.channels(), generator.per_cell());
  const StandardHeads heads(config, backbone.pooled_strides(), backbone.channels(), kNumClasses);
  for (const nn::Module* part :
       {static_cast<const nn::Module*>(&backbone), static_cast<const nn::Module*>(&rpn),
        static_cast<const nn::Module*>(&heads)})
    part->initialize(1);

  const auto features = backbone.forward(testing::ramp({1, 64, 96, 3}).to(DType::kF32));
  const Tensor sizes = Tensor::from<int32_t>({1, 2}, {64, 96});
  const Tensor& anchors = generator.anchors(64, 96, DType::kF32, kCpu);
  CHECK(generator.per_cell() == 2 * 3);
  CHECK(anchors.size(1) == 4 * 6 * 2 * 3);
  // At the first cell, size by size: the widths of 32 and 48 pixels at the ratios 0.5, 1, 2.
  const auto corners = anchors.to_vector<float>();
  for (size_t i = 0; i < 6; ++i) {
    const double size = i < 3 ? 32 : 48, ratio = std::array{0.5, 1.0, 2.0}[i % 3];
    CHECK(corners[4 * i + 2] - corners[4 * i] == doctest::Approx(size / std::sqrt(ratio)));
  }
  const Proposals proposals = rpn.propose(rpn.forward(features), anchors, sizes, false);
  CHECK(proposals.counts.to_vector<int32_t>()[0] > 0);
  const Detections detections = heads.detect(features, proposals, sizes);
  REQUIRE(detections.counts.to_vector<int32_t>()[0] > 0);
  const auto scores = detections.scores.to_vector<float>();
  CHECK(scores[0] > 0);
  CHECK(detections.masks.defined());
}
