#include "ops/softmax/softmax.h"

#include <doctest/doctest.h>

#include <cmath>

#include "testing/device_case.h"
#include "testing/losses_oracle.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp softmax_op("softmax", "test time only; training fuses it into the loss");

TEST_CASE("softmax: rows sum to one, in the ratio of the exponentials") {
  const Tensor x = Tensor::from<double>({2, 1, 3}, {0, std::log(2.0), std::log(5.0), 7, 7, 7});
  const auto y = ops::softmax(x).to_vector<double>();
  const double expected[] = {1.0 / 8, 2.0 / 8, 5.0 / 8, 1.0 / 3, 1.0 / 3, 1.0 / 3};
  for (size_t i = 0; i < 6; ++i) CHECK(y[i] == doctest::Approx(expected[i]).epsilon(1e-14));
}

TEST_CASE("softmax: huge logits do not overflow, and NaN stays in its row") {
  const auto y = ops::softmax(Tensor::from<float>({2, 2}, {1e30f, -1e30f, NAN, 0}));
  const auto values = y.to_vector<float>();
  CHECK(values[0] == 1);
  CHECK(values[1] == 0);
  CHECK(std::isnan(values[2]));
  CHECK(std::isnan(values[3]));
}

TEST_CASE("softmax: f32 and bf16 agree with f64, and no rows are allowed") {
  const Tensor x = random_tensor({7, 9}, 1, -5, 5);
  const auto exact = ops::softmax(x).to_vector<double>();
  const auto f32 = ops::softmax(x.to(DType::kF32)).to_vector<double>();
  const auto bf16 = ops::softmax(x.to(DType::kBF16)).to_vector<double>();
  for (size_t i = 0; i < exact.size(); ++i) {
    CHECK(std::abs(f32[i] - exact[i]) < 1e-6);
    CHECK(std::abs(bf16[i] - exact[i]) < 2e-2);  // logits of magnitude 5 rounded to eight bits
  }
  CHECK(ops::softmax(Tensor::zeros({0, 3}, DType::kF32)).shape() == Shape{0, 3});
}

TEST_CASE("softmax: refuses integers and rows without classes") {
  CHECK_THROWS_WITH_AS(ops::softmax(Tensor::zeros({2, 3}, DType::kI32)),
                       "softmax: x must be floating point [..., C], got i32 [2, 3]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::softmax(Tensor::zeros({2, 0}, DType::kF32)),
                       "softmax: x must be floating point [..., C], got f32 [2, 0]", ShapeError);
}

TEST_CASE("softmax: values equal PyTorch's") {
  check_oracle(ops::softmax(oracle_input({1, 4}, 6)),
               {0.131960442862759, 0.191043700898718, 0.27658057870446096, 0.40041527753406203});
}

static const DeviceCases softmax_device_cases("softmax", [] {
  return std::vector<DeviceCase>{{"81 classes",
                                  {random_tensor({300, 81}, 1, -9, 9, DType::kF32)},
                                  [](Inputs in) { return std::vector{ops::softmax(in[0])}; },
                                  1e-6}};
});
