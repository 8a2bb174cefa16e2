#include "nn/backbone/vgg.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "core/autograd/autograd.h"
#include "core/error.h"
#include "nn/state_dict.h"
#include "testing/ramp.h"

using namespace denovo;
using namespace denovo::nn;

namespace {

VggOptions tiny(NormKind norm = NormKind::kNone) {
  return {.convs = {1, 2, 1, 1, 1}, .channels = {4, 4, 8, 8, 6}, .norm = {.kind = norm}};
}

Tensor image(int64_t height, int64_t width) {
  return testing::ramp({1, height, width, 3}).to(DType::kF32);
}

}  // namespace

TEST_CASE("vgg: VGG-16 has the thirteen convolutions of Caffe's names and 14,714,688 parameters") {
  const Vgg net(VggOptions::of_depth(16));
  std::vector<std::string> names;
  net.for_each_parameter([&](const std::string& name, const Parameter&) { names.push_back(name); });
  std::vector<std::string> expected;
  for (const char* conv :
       {"conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3", "conv4_1",
        "conv4_2", "conv4_3", "conv5_1", "conv5_2", "conv5_3"})
    for (const char* part : {".weight", ".bias"}) expected.push_back(std::string(conv) + part);
  CHECK(names == expected);
  CHECK(net.num_parameters() == 14'714'688);
  VggOptions normalised = VggOptions::of_depth(16);
  normalised.norm.kind = NormKind::kBatchNorm;  // a scale for each of 4,224 channels
  CHECK(Vgg(normalised).num_parameters() == 14'714'688 + 4'224);
}

TEST_CASE("vgg: detectors have conv5 at stride 16, classifiers its pool at stride 32") {
  VggOptions options = tiny();
  const VggC5 backbone(options);
  backbone.initialize(1);
  CHECK(std::ranges::equal(backbone.strides(), std::array{16}));
  CHECK(std::ranges::equal(backbone.pooled_strides(), std::array{16}));
  CHECK(backbone.channels() == 6);
  const auto maps = backbone.forward(image(64, 96));
  REQUIRE(maps.size() == 1);
  CHECK(maps[0].shape() == Shape{1, 4, 6, 6});

  options.last_pool = true;
  const Vgg classifier(options);
  classifier.initialize(1);
  load_state_dict_strict(classifier, state_dict(backbone.trunk()), "detector");
  const auto pooled = classifier.forward(image(64, 96));
  CHECK(pooled[0].shape() == Shape{1, 2, 3, 6});
  CHECK(pooled[0].to_vector<float>() == ops::max_pool2d(maps[0], Vgg::kPool).to_vector<float>());
}

TEST_CASE("vgg: depths differ in their convolutions alone, and unknown ones are named") {
  const auto convs = [](int depth) {
    int count = 0;
    for (const int stage : VggOptions::of_depth(depth).convs) count += stage;
    return count;
  };
  // Three more layers are fully connected.
  for (const int depth : {11, 13, 16, 19}) CHECK(convs(depth) == depth - 3);
  CHECK_THROWS_WITH_AS(VggOptions::of_depth(50), "vgg: depth must be 11, 13, 16 or 19, got 50",
                       ConfigError);
  VggOptions options = tiny();
  options.convs = {1, 1, 1, 1};
  CHECK_THROWS_WITH_AS(Vgg{options}, "vgg: convs must name five stages, got 4", ConfigError);
  options = tiny();
  options.channels = {8};
  CHECK_THROWS_WITH_AS(Vgg{options}, "vgg: channels must name five stages, got 1", ConfigError);
}

TEST_CASE("vgg: freeze stops gradients up to its stage and no further") {
  for (int freeze_at = 0; freeze_at <= 5; ++freeze_at) {
    CAPTURE(freeze_at);
    const Vgg net(tiny());
    net.initialize(1);
    net.freeze(freeze_at);
    if (freeze_at < 5) backward(net.forward(image(32, 32)).back());
    net.for_each_parameter([&](const std::string& name, const Parameter& parameter) {
      CAPTURE(name);
      CHECK(parameter.tensor().grad().defined() == (name[4] - '0' > freeze_at));
    });
  }
}

TEST_CASE("vgg: MSRA's initialiser carries gradients through thirteen layers, Xavier's does not") {
  const auto ratio = [](bool xavier) {
    VggOptions options = VggOptions::of_depth(16);
    options.channels = {16, 32, 64, 64, 64};
    options.xavier = xavier;
    const Vgg net(options);
    net.initialize(3);
    const Tensor x = image(64, 64);
    x.set_requires_grad(true);
    const Tensor y = net.forward(x).back(), grad_y = testing::ramp(y.shape());
    backward(y, grad_y.to(DType::kF32));
    const auto energy = [](const Tensor& tensor) {
      double sum = 0;
      for (const double value : tensor.to_vector<double>()) sum += value * value;
      return sum;
    };
    return energy(x.grad()) / energy(grad_y);
  };
  // A layer with N(0, 2 / fan_out) keeps the mean square of gradients where half of its ReLUs are
  // open; sums change with the widths, and a pool chooses cells whose ReLU is open. Xavier's halves
  // them thirteen times.
  const double msra = ratio(false), xavier = ratio(true);
  CAPTURE(msra);
  CAPTURE(xavier);
  CHECK(msra > 0.01);
  CHECK(msra < 100);
  CHECK(xavier < 0.01 * msra);
}
