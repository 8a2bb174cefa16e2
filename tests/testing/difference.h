// How far two tensors are apart.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/tensor/tensor.h"

namespace denovo::testing {

struct Difference {
  double worst = 0;    // max|got - expected|, infinite where that is NaN
  double largest = 1;  // max(1, max|expected|)

  bool within(double tolerance) const { return worst <= tolerance * largest; }
};

inline Difference difference(const Tensor& expected, const Tensor& got) {
  const auto a = expected.to_vector<double>(), b = got.to_vector<double>();
  Difference result;
  for (size_t i = 0; i < a.size(); ++i) {
    const double error = std::abs(a[i] - b[i]);
    if (!(error <= result.worst)) result.worst = std::isnan(error) ? INFINITY : error;
    result.largest = std::max(result.largest, std::abs(a[i]));
  }
  return result;
}

}  // namespace denovo::testing
