#include "nn/state_dict.h"

#include <doctest/doctest.h>

#include <numeric>

#include "core/error.h"
#include "nn/backbone/fpn.h"
#include "nn/layers/linear.h"

using namespace denovo;
using namespace denovo::nn;

namespace {

Tensor counting(const Shape& shape, DType dtype = DType::kF32) {
  std::vector<double> values(static_cast<size_t>(shape.numel()));
  std::iota(values.begin(), values.end(), 0);
  return Tensor::from(shape, values).to(dtype);
}

/// conv [3, 2, 2, 4], fc [5, 2 * 3 * 4] on a 2 x 3 map of 4 channels, a buffer.
class Pair : public Module {
 public:
  ConvNorm& conv() { return *conv_; }

 private:
  Child<ConvNorm> conv_{*this, "conv", 4, 3, ConvNormOptions{.kernel = 2}};
  Child<Linear> fc_{
      *this, "fc", 24, 5, Initializer::normal(1), false, FileFormat{FileLayout::kFlattened, 2, 3}};
  Buffer steps_{*this, "steps", {2}, 7};
};

std::vector<std::string> names(const StateDict& state) {
  std::vector<std::string> all;
  for (const auto& [name, tensor] : state) all.push_back(name);
  return all;
}

}  // namespace

TEST_CASE("file layouts: a convolution's channels stand before its taps") {
  const FileFormat format{FileLayout::kChannelsFirst};
  for (const DType dtype : {DType::kF64, DType::kF32, DType::kBF16}) {
    const Tensor ours = counting({2, 2, 3, 4}, dtype);
    const Tensor file = to_file_layout(ours, format);
    REQUIRE(file.shape() == Shape{2, 4, 2, 3});
    CHECK(file.dtype() == dtype);
    const auto values = file.to_vector<double>();
    for (int o = 0; o < 2; ++o)
      for (int i = 0; i < 4; ++i)
        for (int y = 0; y < 2; ++y)
          for (int x = 0; x < 3; ++x)
            CHECK(values[static_cast<size_t>(((o * 4 + i) * 2 + y) * 3 + x)] ==
                  ((o * 2 + y) * 3 + x) * 4 + i);
    const Tensor back = from_file_layout(file, format);
    CHECK(back.shape() == ours.shape());
    CHECK(back.to_vector<double>() == ours.to_vector<double>());
  }
}

TEST_CASE("file layouts: columns of a flattened map go by channel first") {
  const FileFormat format{FileLayout::kFlattened, 2, 3};
  const Tensor ours = counting({2, 24});
  const Tensor file = to_file_layout(ours, format);
  REQUIRE(file.shape() == ours.shape());
  const auto values = file.to_vector<double>();
  for (int row = 0; row < 2; ++row)
    for (int c = 0; c < 4; ++c)
      for (int pixel = 0; pixel < 6; ++pixel)
        CHECK(values[static_cast<size_t>(row * 24 + c * 6 + pixel)] == row * 24 + pixel * 4 + c);
  CHECK(from_file_layout(file, format).to_vector<double>() == ours.to_vector<double>());
}

TEST_CASE("state dict: parameters, then buffers, in the order and under the names of declaration") {
  const Pair pair;
  pair.initialize(1);
  const StateDict state = state_dict(pair);
  CHECK(names(state) ==
        std::vector<std::string>{"conv.weight", "conv.bias", "fc.weight", "fc.bias", "steps"});
  CHECK(state[0].second.shape() == Shape{3, 4, 2, 2});
  CHECK(state.back().second.to_vector<float>() == std::vector<float>{7, 7});
}

TEST_CASE("state dict: is a copy, and loading it restores every value") {
  ResNetOptions options = ResNetOptions::of_depth(18);
  options.blocks = {1, 1, 1, 1};
  options.norm.kind = NormKind::kBatchNorm;
  const ResNetFpn source(options, {.channels = 32}), target(options, {.channels = 32});
  source.initialize(1);
  target.initialize(2);
  const StateDict saved = state_dict(source);
  source.initialize(3);
  CHECK(load_state_dict(target, saved).complete());
  const StateDict loaded = state_dict(target);
  REQUIRE(names(loaded) == names(saved));
  for (size_t i = 0; i < saved.size(); ++i)
    CHECK(loaded[i].second.to_vector<float>() == saved[i].second.to_vector<float>());
}

TEST_CASE("state dict: values of another dtype are converted") {
  Pair pair;
  pair.initialize(1);
  StateDict state = state_dict(pair);
  state[3].second = Tensor::from<double>({5}, {1, 2, 3, 4, 0.1});
  load_state_dict(pair, state);
  CHECK(state_dict(pair)[3].second.to_vector<float>() == std::vector<float>{1, 2, 3, 4, 0.1f});
}

TEST_CASE("load report: missing, unexpected and mismatched tensors each have their list") {
  Pair pair;
  pair.initialize(1);
  StateDict state = state_dict(pair);
  const auto weight_before = state[0].second.to_vector<float>();
  state[0].second = Tensor::zeros({3, 2, 2, 4}, DType::kF32);  // our layout, not the files'
  state[1].first = "conv.shift";
  state[3].second = Tensor::full({5}, 9, DType::kF32);
  for (const bool write : {false, true}) {
    const LoadReport report =
        write ? load_state_dict(pair, state) : compare_state_dict(pair, state);
    CHECK_FALSE(report.complete());
    CHECK(report.missing == std::vector<std::string>{"conv.bias"});
    CHECK(report.unexpected == std::vector<std::string>{"conv.shift"});
    CHECK(report.mismatched ==
          std::vector<std::string>{"conv.weight: expected [3, 4, 2, 2], got [3, 2, 2, 4]"});
    CHECK(report.summary() ==
          "1 missing: conv.bias; 1 unexpected: conv.shift; 1 of another shape: conv.weight: "
          "expected [3, 4, 2, 2], got [3, 2, 2, 4]");
    const StateDict now = state_dict(pair);
    CHECK(now[0].second.to_vector<float>() == weight_before);
    CHECK(now[3].second.to_vector<float>() == std::vector<float>(5, write ? 9.f : 0.f));
  }
}

TEST_CASE("load report: long lists show three names") {
  const LoadReport report{.missing = {"a", "b", "c", "d"}, .unexpected = {}, .mismatched = {}};
  CHECK(report.summary() == "4 missing: a, b, c, ...");
  CHECK(LoadReport{}.summary() == "complete");
}

TEST_CASE("strict loading: refuses what does not fit, by source, and changes nothing") {
  Pair pair;
  pair.initialize(1);
  StateDict state = state_dict(pair);
  state[3].second = Tensor::full({5}, 9, DType::kF32);
  state.pop_back();
  CHECK_THROWS_WITH_AS(load_state_dict_strict(pair, state, "a.safetensors"),
                       "a.safetensors: weights do not fit this model: 1 missing: steps", IoError);
  CHECK(state_dict(pair)[3].second.to_vector<float>() == std::vector<float>(5, 0.f));
}
