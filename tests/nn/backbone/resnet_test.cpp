#include "nn/backbone/resnet.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "core/autograd/autograd.h"
#include "core/error.h"
#include "nn/backbone/fpn.h"
#include "nn/state_dict.h"
#include "testing/ramp.h"

using namespace denovo;
using namespace denovo::nn;

namespace {

ResNetOptions tiny(bool bottleneck, NormKind norm = NormKind::kGroupNorm) {
  ResNetOptions options;
  options.blocks = {1, 2, 1, 1};
  options.bottleneck = bottleneck;
  options.stem_channels = 8;
  options.channels = {16, 32, 64, 128};
  options.width_per_group = 4;
  options.norm = {.kind = norm, .num_groups = 2};
  return options;
}

Tensor image(int64_t height, int64_t width) {
  return testing::ramp({1, height, width, 3}).to(DType::kF32);
}

}  // namespace

TEST_CASE(
    "resnet: stages have strides 4, 8, 16, 32 and doubling widths, wherever the stride sits") {
  for (const bool bottleneck : {false, true}) {
    for (const bool stride_in_1x1 : {false, true}) {
      ResNetOptions options = tiny(bottleneck);
      options.stride_in_1x1 = stride_in_1x1;
      const ResNet net(options);
      net.initialize(1);
      const auto features = net.forward(image(64, 96));
      REQUIRE(features.size() == ResNet::strides().size());
      CHECK(ResNet::strides() == std::array{4, 8, 16, 32});
      CHECK(features[0].shape() == Shape{1, 16, 24, 16});
      CHECK(features[1].shape() == Shape{1, 8, 12, 32});
      CHECK(features[2].shape() == Shape{1, 4, 6, 64});
      CHECK(features[3].shape() == Shape{1, 2, 3, 128});
    }
  }
}

TEST_CASE("resnet: every stage can have a width of its own") {
  for (const bool bottleneck : {false, true}) {
    ResNetOptions options = tiny(bottleneck);
    options.channels = {16, 40, 24, 56};
    options.width_per_group = 0;
    const ResNet net(options);
    net.initialize(1);
    const auto features = net.forward(image(64, 64));
    CHECK(net.channels() == options.channels);
    for (size_t stage = 0; stage < 4; ++stage)
      CHECK(features[stage].size(3) == options.channels[stage]);
  }
}

TEST_CASE("resnet: names the stage whose width does not fit the groups") {
  ResNetOptions options = tiny(true);
  options.width_per_group = 0;
  options.groups = 8;
  CHECK_THROWS_WITH_AS(ResNet{options},
                       "resnet: the bottleneck width of res2 must be a positive multiple of groups "
                       "= 8, got 4",
                       ConfigError);
  options.channels = {16, 32, 64};
  CHECK_THROWS_WITH_AS(ResNet{options}, "resnet: channels must name four stages, got 3",
                       ConfigError);
}

TEST_CASE("resnet: the place of a bottleneck's stride matters to the values") {
  ResNetOptions in_3x3 = tiny(true), in_1x1 = in_3x3;
  in_1x1.stride_in_1x1 = true;
  const ResNet a(in_3x3), b(in_1x1);
  a.initialize(1);
  b.initialize(1);
  const auto from_a = a.forward(image(64, 64)), from_b = b.forward(image(64, 64));
  CHECK(from_a[0].to_vector<float>() == from_b[0].to_vector<float>());  // res2 has no stride
  CHECK(from_a[1].to_vector<float>() != from_b[1].to_vector<float>());
}

TEST_CASE("resnet: freeze stops gradients up to its stage and no further") {
  for (int freeze_at = 0; freeze_at <= 5; ++freeze_at) {
    CAPTURE(freeze_at);
    const ResNet net(tiny(false));
    net.initialize(1);
    net.freeze(freeze_at);
    int trainable = 0;
    net.for_each_parameter([&](const std::string& name, const Parameter& parameter) {
      const int stage = name.starts_with("stem") ? 1 : name[3] - '0';
      CHECK(parameter.tensor().requires_grad() == (stage > freeze_at));
      trainable += parameter.tensor().requires_grad();
    });
    CHECK((trainable == 0) == (freeze_at == 5));
  }
}

TEST_CASE("resnet: unknown depths and wrong numbers of stages are named") {
  CHECK_THROWS_WITH_AS(ResNetOptions::of_depth(51),
                       "resnet: depth must be 18, 34, 50, 101 or 152, got 51", ConfigError);
  ResNetOptions options = tiny(true);
  options.blocks = {1, 1, 1};
  CHECK_THROWS_WITH_AS(ResNet{options}, "resnet: blocks must name four stages, got 3", ConfigError);
  options = tiny(true);
  options.norm.num_groups = 3;
  CHECK_THROWS_WITH_AS(ResNet{options},
                       "norm: channels must be a multiple of num_groups = 3, got 8", ConfigError);
}

TEST_CASE("fpn: p2 to p5 follow their stages and p6 is every second pixel of p5") {
  const ResNetFpn net(tiny(true), {.channels = 6});
  net.initialize(2);
  const auto levels = net.forward(image(96, 64));
  CHECK(ResNetFpn::kStrides == std::array{4, 8, 16, 32, 64});
  CHECK(std::ranges::equal(net.pooled_strides(), std::array{4, 8, 16, 32}));
  REQUIRE(levels.size() == net.strides().size());
  for (size_t level = 0; level < levels.size(); ++level) {
    const int64_t stride = net.strides()[level];
    CHECK(levels[level].shape() ==
          Shape{1, (96 + stride - 1) / stride, (64 + stride - 1) / stride, 6});
  }
  const auto p5 = levels[3].to_vector<float>(), p6 = levels[4].to_vector<float>();  // 3x2, 2x1
  for (size_t row = 0; row < 2; ++row) {
    for (size_t c = 0; c < 6; ++c) CHECK(p6[row * 6 + c] == p5[(2 * row) * 2 * 6 + c]);
  }
}

TEST_CASE("fpn: a coarse stage reaches every finer level, a fine one no coarser level") {
  ResNetFpn net(tiny(true), {.channels = 6});
  net.initialize(2);
  const auto before = net.forward(image(64, 64));
  const auto change = [&](const std::string& changed) {
    net.for_each_parameter([&](const std::string& name, const Parameter& parameter) {
      if (name == changed) fill(parameter.tensor(), 0.5);
    });
    std::vector<bool> differs;
    const auto after = net.forward(image(64, 64));
    for (size_t i = 0; i < 5; ++i)
      differs.push_back(after[i].to_vector<float>() != before[i].to_vector<float>());
    net.initialize(2);
    return differs;
  };
  CHECK(change("fpn_lateral4.weight") == std::vector<bool>{true, true, true, false, false});
  CHECK(change("fpn_lateral2.weight") == std::vector<bool>{true, false, false, false, false});
  CHECK(change("fpn_output5.weight") == std::vector<bool>{false, false, false, true, true});
}

TEST_CASE("batch norm of frozen parameters keeps its statistics while the others train") {
  const ResNet net(tiny(false, NormKind::kBatchNorm));
  net.initialize(1);
  net.freeze(1);
  const StateDict before = state_dict(net);
  net.forward(image(64, 64));
  const StateDict after = state_dict(net);
  int statistics = 0;
  for (size_t i = 0; i < after.size(); ++i) {
    const auto& [name, tensor] = after[i];
    if (name.find("running") == std::string::npos) continue;
    CAPTURE(name);
    ++statistics;
    CHECK((tensor.to_vector<float>() == before[i].second.to_vector<float>()) ==
          name.starts_with("stem"));
  }
  CHECK(statistics > 20);
}
