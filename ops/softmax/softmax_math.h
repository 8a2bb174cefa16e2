// Softmax of one row, shared with softmax_cross_entropy and, over places, heatmap_cross_entropy.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/kernels/host_device.h"
#include "core/tensor/dtype.h"

namespace denovo::ops {

template <class C>
struct SoftmaxStats {
  C max;
  C sum;  // of exp(x - max), at least 1; NaN when an x is NaN or the maximum is infinite
};

/// Of x[0], x[stride], … x[(n - 1) stride].
template <class T>
DENOVO_HD SoftmaxStats<Compute<T>> softmax_stats(const T* x, int64_t n, int64_t stride = 1) {
  using C = Compute<T>;
  C max = static_cast<C>(x[0]), sum = 0;
  for (int64_t i = 1; i < n; ++i) {
    const C value = static_cast<C>(x[i * stride]);
    max = value > max ? value : max;
  }
  for (int64_t i = 0; i < n; ++i) sum += std::exp(static_cast<C>(x[i * stride]) - max);
  return {max, sum};
}

template <class T, class C>
DENOVO_HD C softmax_value(T x, const SoftmaxStats<C>& stats) {
  return std::exp(static_cast<C>(x) - stats.max) / stats.sum;
}

}  // namespace denovo::ops
