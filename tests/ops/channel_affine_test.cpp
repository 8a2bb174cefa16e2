#include "ops/channel_affine/channel_affine.h"

#include <doctest/doctest.h>

#include "testing/op_case.h"
#include "testing/ramp.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

/// scale and shift stay f32 beside bf16, as a frozen norm's buffers do.
Tensor constant(const Tensor& t) {
  return t.dtype() == DType::kBF16 ? t.to(DType::kF32) : t;
}

const OpCases channel_affine_cases("channel_affine", [] {
  const auto forward = [](std::span<const Tensor> in) {
    return std::vector{ops::channel_affine(in[0], constant(in[1]), constant(in[2]))};
  };
  const auto reference = [](std::span<const Tensor> in) {
    auto y = in[0].to_vector<double>();
    const auto scale = in[1].to_vector<double>(), shift = in[2].to_vector<double>();
    for (size_t i = 0; i < y.size(); ++i) {
      y[i] = y[i] * scale[i % scale.size()] + shift[i % scale.size()];
    }
    return std::vector{Tensor::from(in[0].shape(), y)};
  };
  std::vector<OpCase> cases;
  for (const int64_t channels : {3, 8}) {
    cases.push_back({.name = std::to_string(channels) + " channels",
                     .inputs = {random_tensor({2, 3, 5, channels}, 1), random_tensor({channels}, 2),
                                random_tensor({channels}, 3)},
                     .forward = forward,
                     .constants = {1, 2},
                     .reference = reference,
                     .bf16_tolerance = 1.2e-2});  // two roundings of inputs and one of the result
  }
  return cases;
});

}  // namespace

TEST_CASE("channel_affine: scales and shifts each channel by its own numbers") {
  const Tensor x = Tensor::from<float>({1, 1, 2, 2}, {1, 2, 3, 4});
  const Tensor y = ops::channel_affine(x, Tensor::from<float>({2}, {10, 100}),
                                       Tensor::from<float>({2}, {1, -1}));
  CHECK(y.to_vector<float>() == std::vector<float>{11, 199, 31, 399});
}

TEST_CASE("channel_affine: an empty batch stays empty") {
  const Tensor c = Tensor::zeros({4}, DType::kF32);
  CHECK(ops::channel_affine(Tensor::empty({0, 7, 7, 4}, DType::kF32), c, c).shape() ==
        Shape{0, 7, 7, 4});
}

TEST_CASE("channel_affine: names the tensor that does not fit") {
  const Tensor x = Tensor::zeros({1, 2, 2, 3}, DType::kF32), c = Tensor::zeros({3}, DType::kF32);
  CHECK_THROWS_WITH_AS(ops::channel_affine(x, Tensor::zeros({4}, DType::kF32), c),
                       "channel_affine: scale must be [C=3], got [4]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::channel_affine(x, c, Tensor::zeros({3}, DType::kF64)),
                       "channel_affine: shift must be f32 beside x of dtype f32, got f64",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::channel_affine(c, c, c),
                       "channel_affine: x must be floating [N, H, W, C], got [3] f32", ShapeError);
}
