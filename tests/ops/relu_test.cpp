#include "ops/relu/relu.h"

#include <doctest/doctest.h>

#include <cmath>

#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const OpCases relu_cases("relu", [] {
  return std::vector<OpCase>{{
      .name = "both signs",
      .inputs = {random_tensor({2, 3, 3, 5}, 1)},
      .forward = [](std::span<const Tensor> in) { return std::vector{ops::relu(in[0])}; },
      .reference =
          [](std::span<const Tensor> in) {
            auto values = in[0].to_vector<double>();
            for (double& v : values) v = v > 0 ? v : 0;
            return std::vector{Tensor::from(in[0].shape(), values)};
          },
      .bf16_tolerance = 8e-3,  // half a unit in the eighth bit
  }};
});

TEST_CASE("relu: keeps NaN, so that a broken activation is not hidden") {
  const Tensor y = ops::relu(Tensor::from<float>({3}, {NAN, -1.f, 2.f}));
  CHECK(std::isnan(y.to_vector<float>()[0]));
  CHECK(y.to_vector<float>()[1] == 0.f);
}

TEST_CASE("relu: an empty tensor gives an empty tensor") {
  CHECK(ops::relu(Tensor::empty({0, 7, 7, 4}, DType::kF32)).shape() == Shape{0, 7, 7, 4});
}

TEST_CASE("relu: refuses integers") {
  CHECK_THROWS_WITH_AS(ops::relu(Tensor::zeros({2}, DType::kI32)),
                       "relu: x must be floating point, got i32", ShapeError);
}
