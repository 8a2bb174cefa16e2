#include "ops/linear/linear.h"

#include <doctest/doctest.h>

#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

OpCase linear_case(std::string name, int64_t rows, int64_t c_in, int64_t c_out, bool bias,
                   bool relu) {
  std::vector<Tensor> inputs{random_tensor({rows, c_in}, 1), random_tensor({c_out, c_in}, 2)};
  if (bias) inputs.push_back(random_tensor({c_out}, 3));
  return {.name = std::move(name),
          .inputs = inputs,
          .forward =
              [=](std::span<const Tensor> in) {
                return std::vector{ops::linear(in[0], in[1], bias ? in[2] : Tensor(), relu)};
              },
          .reference =
              [=](std::span<const Tensor> in) {
                std::vector<double> y;
                for (int64_t r = 0; r < rows; ++r) {
                  for (int64_t k = 0; k < c_out; ++k) {
                    double sum = bias ? in[2].data<double>()[k] : 0;
                    for (int64_t c = 0; c < c_in; ++c)
                      sum +=
                          in[0].data<double>()[r * c_in + c] * in[1].data<double>()[k * c_in + c];
                    y.push_back(relu && sum < 0 ? 0 : sum);
                  }
                }
                return std::vector{Tensor::from({rows, c_out}, y)};
              },
          .bf16_tolerance = 2e-2};
}

}  // namespace

static const OpCases linear_cases("linear", [] {
  return std::vector<OpCase>{linear_case("bias", 5, 7, 3, true, false),
                             linear_case("no bias", 16, 8, 4, false, false),
                             linear_case("bias and ReLU", 6, 5, 9, true, true)};
});

TEST_CASE("linear: names both shapes when they do not fit") {
  CHECK_THROWS_WITH_AS(
      ops::linear(Tensor::zeros({2, 3}, DType::kF32), Tensor::zeros({4, 5}, DType::kF32), {}),
      "linear: x must be [R, C_in] and weight [C_out, C_in], got [2, 3] and [4, 5]", ShapeError);
}
