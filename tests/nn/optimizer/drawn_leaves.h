// Leaves and gradients for the tests of optimisers.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/tensor/tensor.h"

namespace denovo::testing {

/// The formula of tests/oracles/losses.py.
inline Tensor input(int64_t n, int64_t salt, DType dtype) {
  std::vector<double> values;
  for (int64_t i = 0; i < n; ++i) {
    values.push_back(static_cast<double>((i * 37 + salt * 101) % 997 - 498) / 100);
  }
  return Tensor::from({n}, values).to(dtype);
}

inline Tensor leaf(int64_t n, int64_t salt, DType dtype) {
  const Tensor tensor = input(n, salt, dtype);
  tensor.set_requires_grad(true);
  return tensor;
}

inline void set_gradient(const Tensor& leaf, const Tensor& values) {
  copy(Tensor(leaf.impl()->grad), values);
  leaf.impl()->grad_is_set = true;
}

inline void check_close(const Tensor& got, const std::vector<double>& expected, double bound) {
  const auto values = got.to_vector<double>();
  REQUIRE(values.size() == expected.size());
  for (size_t i = 0; i < values.size(); ++i) CHECK(std::abs(values[i] - expected[i]) <= bound);
}

}  // namespace denovo::testing
