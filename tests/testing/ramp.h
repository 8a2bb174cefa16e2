// Inputs that C++ and the PyTorch scripts in tests/oracles make by the same integer formula.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/tensor/tensor.h"

namespace denovo::testing {

/// f64; element i is ((step * i + 11) mod 101) / 50 - 1.
inline Tensor ramp(const Shape& shape, int64_t step = 37) {
  std::vector<double> values(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>((step * static_cast<int64_t>(i) + 11) % 101) / 50 - 1;
  }
  return Tensor::from(shape, values);
}

/// |got - expected| <= tolerance * max(1, |expected|), element by element.
inline void check_close(const Tensor& got, const std::vector<double>& expected, double tolerance) {
  REQUIRE(got.defined());
  const auto values = got.to_vector<double>();
  REQUIRE(values.size() == expected.size());
  for (size_t i = 0; i < values.size(); ++i) {
    INFO("element ", i, ": ", values[i], ", expected ", expected[i]);
    CHECK(std::abs(values[i] - expected[i]) <= tolerance * std::fmax(1, std::abs(expected[i])));
  }
}

}  // namespace denovo::testing
