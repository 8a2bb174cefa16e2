#include "ops/add/add.h"

#include <doctest/doctest.h>

#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const OpCases add_cases("add", [] {
  const auto make = [](bool relu) {
    return OpCase{
        .name = relu ? "with ReLU" : "plain",
        .inputs = {random_tensor({2, 3, 3, 4}, 1), random_tensor({2, 3, 3, 4}, 2)},
        .forward =
            [relu](std::span<const Tensor> in) {
              return std::vector{ops::add(in[0], in[1], relu)};
            },
        .reference =
            [relu](std::span<const Tensor> in) {
              auto a = in[0].to_vector<double>();
              const auto b = in[1].to_vector<double>();
              for (size_t i = 0; i < a.size(); ++i)
                a[i] = relu ? std::max(a[i] + b[i], 0.0) : a[i] + b[i];
              return std::vector{Tensor::from(in[0].shape(), a)};
            },
        .bf16_tolerance = 1.6e-2};  // two rounded inputs and a rounded sum; a mask may flip near 0
  };
  OpCase twice = make(false);
  twice.name = "a tensor with itself";
  twice.inputs = {random_tensor({3}, 1)};
  twice.forward = [](std::span<const Tensor> in) { return std::vector{ops::add(in[0], in[0])}; };
  twice.reference = {};
  return std::vector<OpCase>{make(false), make(true), twice};
});

TEST_CASE("add: names both shapes when they differ") {
  CHECK_THROWS_WITH_AS(
      ops::add(Tensor::zeros({2}, DType::kF32), Tensor::zeros({3}, DType::kF32)),
      "add: a and b must have one shape and floating dtype, got f32 [2] and f32 [3]", ShapeError);
}
