#include "nn/init.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "nn/backbone/fpn.h"
#include "nn/layers/linear.h"
#include "nn/state_dict.h"

using namespace denovo;
using namespace denovo::nn;

namespace {

struct Moments {
  double mean = 0, deviation = 0, largest = 0, kurtosis = 0;
};

Moments moments(const Tensor& tensor) {
  const auto values = tensor.to_vector<double>();
  const auto n = static_cast<double>(values.size());
  Moments m;
  for (const double v : values) {
    m.mean += v / n;
    m.largest = std::max(m.largest, std::abs(v));
  }
  double second = 0, fourth = 0;
  for (const double v : values) {
    second += std::pow(v - m.mean, 2) / n;
    fourth += std::pow(v - m.mean, 4) / n;
  }
  m.deviation = std::sqrt(second);
  m.kurtosis = fourth / (second * second);
  return m;
}

Tensor parameter(const Module& module, const std::string& wanted) {
  Tensor found;
  module.for_each_parameter([&](const std::string& name, const Parameter& p) {
    if (name == wanted) found = p.tensor();
  });
  REQUIRE(found.defined());
  return found;
}

/// Bounds of 1 % and 0.1: five standard errors of 60,000 draws or more.
void check_normal(const Tensor& tensor, double deviation) {
  const Moments m = moments(tensor);
  CHECK(std::abs(m.mean) < 0.02 * deviation);
  CHECK(m.deviation == doctest::Approx(deviation).epsilon(0.015));
  CHECK(m.kurtosis == doctest::Approx(3).epsilon(0.1));
}

void check_uniform(const Tensor& tensor, double bound) {
  const Moments m = moments(tensor);
  CHECK(std::abs(m.mean) < 0.02 * bound);
  CHECK(m.largest <= bound);
  CHECK(m.largest > 0.999 * bound);
  CHECK(m.deviation == doctest::Approx(bound / std::sqrt(3.0)).epsilon(0.01));
}

}  // namespace

TEST_CASE("initialisers: a trunk starts from c2_msra_fill, a pyramid from c2_xavier_fill") {
  const ResNetFpn net(ResNetOptions::of_depth(18), {.channels = 128});
  net.initialize(1);
  check_normal(parameter(net, "bottom_up.res3.1.conv2.weight"), std::sqrt(2.0 / (128 * 9)));
  check_normal(parameter(net, "bottom_up.res4.0.conv1.weight"), std::sqrt(2.0 / (256 * 9)));
  check_uniform(parameter(net, "fpn_lateral5.weight"), std::sqrt(3.0 / 512));
  check_uniform(parameter(net, "fpn_output3.weight"), std::sqrt(3.0 / (128 * 9)));
  CHECK(moments(parameter(net, "fpn_output3.bias")).largest == 0);
  const Moments norm = moments(parameter(net, "bottom_up.res3.1.conv2.norm.weight"));
  CHECK(norm.mean == 1);
  CHECK(norm.deviation == 0);
  CHECK(moments(parameter(net, "bottom_up.res3.1.conv2.norm.bias")).largest == 0);
}

TEST_CASE("initialisers: fans of grouped convolutions are those of PyTorch's weight shape") {
  ResNetOptions options = ResNetOptions::of_depth(50);
  options.blocks = {1, 1, 1, 1};
  options.groups = 32;
  options.width_per_group = 4;
  const ResNet normal(options);
  normal.initialize(1);
  check_normal(parameter(normal, "res5.0.conv2.weight"), std::sqrt(2.0 / (1024 * 9)));
  options.xavier = true;
  const ResNet uniform(options);
  uniform.initialize(1);
  check_uniform(parameter(uniform, "res5.0.conv2.weight"), std::sqrt(3.0 / (32 * 9)));
}

TEST_CASE("initialisers: a transposed convolution counts its input channels as fan_out") {
  const Deconv2x deconv(128, 128);
  deconv.initialize(1);
  check_normal(parameter(deconv, "weight"), std::sqrt(2.0 / (128 * 4)));
}

TEST_CASE("initialisers: a draw depends on the seed and the name, not on other layers") {
  ResNetOptions options = ResNetOptions::of_depth(18);
  const ResNet shallow(options);
  options.blocks = {2, 2, 3, 2};
  const ResNet deep(options);
  shallow.initialize(1);
  deep.initialize(1);
  const std::string name = "res5.1.conv2.weight", sibling = "res5.1.conv1.weight";
  const auto first = parameter(shallow, name).to_vector<float>();
  CHECK(parameter(deep, name).to_vector<float>() == first);
  CHECK(parameter(deep, sibling).to_vector<float>() != first);
  shallow.initialize(2);
  CHECK(parameter(shallow, name).to_vector<float>() != first);
}

TEST_CASE("initialisers: f32 weights are the rounded f64 ones") {
  const Initializer init = Initializer::normal(0.5);
  const RandomStream stream{.seed = 3, .purpose = RandomPurpose::kWeights};
  const Tensor wide = Tensor::empty({100}, DType::kF64), narrow = Tensor::empty({100}, DType::kF32);
  initialize_tensor(wide, init, stream);
  initialize_tensor(narrow, init, stream);
  CHECK(wide.to(DType::kF32).to_vector<float>() == narrow.to_vector<float>());
}
