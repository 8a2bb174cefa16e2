// Feature maps [N, H, W, C] in f64, element by element, for reference computations.
#pragma once

#include <vector>

#include "core/tensor/tensor.h"

namespace denovo::testing {

inline double element_at(const Tensor& map, int64_t n, int64_t y, int64_t x, int64_t c) {
  return map.data<double>()[((n * map.size(1) + y) * map.size(2) + x) * map.size(3) + c];
}

/// Calls f(n, y, x, c) in row-major order and collects what it returns.
template <class F>
Tensor feature_map(const Shape& s, F&& f) {
  std::vector<double> values;
  for (int64_t n = 0; n < s[0]; ++n)
    for (int64_t y = 0; y < s[1]; ++y)
      for (int64_t x = 0; x < s[2]; ++x)
        for (int64_t c = 0; c < s[3]; ++c) values.push_back(f(n, y, x, c));
  return Tensor::from(s, values);
}

}  // namespace denovo::testing
