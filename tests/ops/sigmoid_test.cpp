#include "ops/sigmoid/sigmoid.h"

#include <doctest/doctest.h>

#include <cmath>

#include "testing/device_case.h"
#include "testing/losses_oracle.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

static const NoGradientOp sigmoid_op("sigmoid", "test time only; training fuses it into the loss");

TEST_CASE("sigmoid: equals 1 / (1 + exp(-x)), in f32 and bf16 too") {
  const Tensor x = random_tensor({101}, 1, -6, 6);
  const auto values = x.to_vector<double>();
  const auto f64 = ops::sigmoid(x).to_vector<double>();
  const auto f32 = ops::sigmoid(x.to(DType::kF32)).to_vector<double>();
  const auto bf16 = ops::sigmoid(x.to(DType::kBF16)).to_vector<double>();
  for (size_t i = 0; i < values.size(); ++i) {
    const double expected = 1 / (1 + std::exp(-values[i]));
    CHECK(std::abs(f64[i] - expected) < 1e-15);
    CHECK(std::abs(f32[i] - expected) < 1e-6);
    CHECK(std::abs(bf16[i] - expected) < 1e-2);  // logits of magnitude 6 rounded to eight bits
  }
}

TEST_CASE("sigmoid: keeps its relative precision far from zero, and NaN") {
  const auto y = ops::sigmoid(Tensor::from<float>({4}, {-80, 1000, -1000, NAN}));
  CHECK(y.to_vector<float>()[0] == doctest::Approx(std::exp(-80.0)).epsilon(1e-5));
  CHECK(y.to_vector<float>()[1] == 1);
  CHECK(y.to_vector<float>()[2] == 0);
  CHECK(std::isnan(y.to_vector<float>()[3]));
}

TEST_CASE("sigmoid: refuses integers") {
  CHECK_THROWS_WITH_AS(ops::sigmoid(Tensor::zeros({2}, DType::kI32)),
                       "sigmoid: x must be floating point, got i32", ShapeError);
}

TEST_CASE("sigmoid: values equal PyTorch's") {
  check_oracle(ops::sigmoid(oracle_input({4}, 7)),
               {0.8899274256374969, 0.9212896628294649, 0.9442756020713345, 0.9608342772032357});
}

static const DeviceCases sigmoid_device_cases("sigmoid", [] {
  return std::vector<DeviceCase>{{"many",
                                  {random_tensor({3001}, 1, -9, 9, DType::kF32)},
                                  [](Inputs in) { return std::vector{ops::sigmoid(in[0])}; },
                                  1e-6}};
});
