// The losses against PyTorch in f64: inputs by the formula of tests/oracles/losses.py, which made
// the numbers that tests expect.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/autograd/autograd.h"
#include "core/tensor/tensor.h"

namespace denovo::testing {

inline Tensor oracle_input(const Shape& shape, int64_t salt) {
  std::vector<double> values(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>((static_cast<int64_t>(i) * 37 + salt * 101) % 997 - 498) / 100;
  }
  return Tensor::from(shape, values);
}

inline Tensor oracle_leaf(const Shape& shape, int64_t salt) {
  const Tensor x = oracle_input(shape, salt);
  x.set_requires_grad(true);
  return x;
}

inline const std::vector<double> kOracleWeights = {0.25, 0.5, 0.125};

inline void check_oracle(const Tensor& got, const std::vector<double>& expected) {
  constexpr double kBound = 1e-14;  // a few roundings of f64; all values are below 5
  const auto values = got.to_vector<double>();
  REQUIRE(values.size() == expected.size());
  for (size_t i = 0; i < values.size(); ++i) {
    INFO("element ", i, " is ", values[i], ", expected ", expected[i]);
    CHECK(std::abs(values[i] - expected[i]) <= kBound);
  }
}

/// The value of a loss, and its gradient in the leaf x.
inline void check_loss(const Tensor& loss, const Tensor& x, double expected,
                       const std::vector<double>& expected_grad) {
  backward(loss);
  check_oracle(loss, {expected});
  check_oracle(x.grad(), expected_grad);
}

}  // namespace denovo::testing
