// What a thread of the GPU does with 16 bytes of a row's channels, once mean and scale stand in
// arrays per channel; normalized_rows.h is the CPU's. The CPU suite runs the same functors.
#pragma once

#include <cstdint>

#include "core/kernels/kernel.h"
#include "ops/normalization/normalization_math.h"

namespace denovo::ops {

/// The tensor itself when it has this dtype, else a converted copy.
inline Tensor in_dtype(const Tensor& tensor, DType dtype) {
  return tensor.dtype() == dtype ? tensor : tensor.to(dtype);
}

/// Per-sample arrays [N][C].
template <class A>
struct ChannelCoefficients {
  A *mean, *scale;
};

/// The elements of y, as a functor of parallel_rows.
template <class T, bool kRelu, bool kResidual>
struct Normalize {
  using A = Compute<T>;
  static constexpr int kVector = 16 / sizeof(T);
  const T *x, *residual;
  T* y;
  const A* bias;
  ChannelCoefficients<A> k;
  int64_t rows, channels;

  struct Row {
    int64_t first, sample;  // offsets of the row and of its sample's coefficients
  };
  DENOVO_HD Row row(int64_t r) const { return {r * channels, r / rows * channels}; }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    const auto in = Pack<T, V>::load(x + row.first + c);
    Pack<T, V> out, other;
    if constexpr (kResidual) other = Pack<T, V>::load(residual + row.first + c);
    for (int v = 0; v < V; ++v) {
      const int64_t j = row.sample + c + v;
      out.v[v] = normalized<kRelu, kResidual>(in.v[v] - k.mean[j], k.scale[j], bias[c + v],
                                              kResidual ? other.v[v] : A(0));
    }
    out.store(y + row.first + c);
  }
};

/// Backward's values for slab_sums (core/kernels/slab_sums.h): g and g * (x - mean). Stores g in
/// masked.
template <class T, ReluMask kMask>
struct GradientTerm {
  using A = Compute<T>;
  static constexpr int kVector = 16 / sizeof(T), kValues = 2;
  const T *x, *grad_y, *y;
  T* masked;  // may be null
  const A* bias;
  ChannelCoefficients<A> k;
  int64_t channels;

  template <int V>
  struct State {
    A mean[V], scale[V], bias[V];
  };
  template <int V>
  DENOVO_HD State<V> state(int64_t n, int64_t c) const {
    State<V> s;
    for (int v = 0; v < V; ++v) {
      s.mean[v] = k.mean[n * channels + c + v];
      s.scale[v] = k.scale[n * channels + c + v];
      s.bias[v] = bias[c + v];
    }
    return s;
  }
  template <int V>
  DENOVO_HD void add(const State<V>& s, int64_t i, A (&totals)[2][V]) const {
    const auto x_in = Pack<T, V>::load(x + i), g_in = Pack<T, V>::load(grad_y + i);
    Pack<T, V> y_in, g_out;
    if constexpr (kMask == ReluMask::kFromY) y_in = Pack<T, V>::load(y + i);
    for (int v = 0; v < V; ++v) {
      const A centred = x_in.v[v] - s.mean[v];
      const A g = masked_gradient<kMask>(g_in.v[v], kMask == ReluMask::kFromY ? y_in.v[v] : A(0),
                                         centred, s.scale[v], s.bias[v]);
      add_gradient(g, centred, totals[0][v], totals[1][v]);
      g_out.v[v] = g;
    }
    if (masked) g_out.store(masked + i);
  }
};

/// The elements of grad_x, added to what is there with kAccumulate, as a functor of parallel_rows.
template <class T, ReluMask kMask, bool kAccumulate>
struct InputGradient {
  using A = Compute<T>;
  static constexpr int kVector = 16 / sizeof(T);
  const T *x, *grad_y, *y;
  T* grad_x;
  const A* bias;
  ChannelCoefficients<A> k;
  const A *slope, *offset;
  int64_t rows, channels;

  struct Row {
    int64_t first, sample;
  };
  DENOVO_HD Row row(int64_t r) const { return {r * channels, r / rows * channels}; }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    const int64_t i = row.first + c;
    const auto x_in = Pack<T, V>::load(x + i), g_in = Pack<T, V>::load(grad_y + i);
    Pack<T, V> y_in, out;
    if constexpr (kMask == ReluMask::kFromY) y_in = Pack<T, V>::load(y + i);
    if constexpr (kAccumulate) out = Pack<T, V>::load(grad_x + i);
    for (int v = 0; v < V; ++v) {
      const int64_t j = row.sample + c + v;
      const A centred = x_in.v[v] - k.mean[j];
      const A g = masked_gradient<kMask>(g_in.v[v], kMask == ReluMask::kFromY ? y_in.v[v] : A(0),
                                         centred, k.scale[j], bias[c + v]);
      const A value = element_gradient(g, centred, k.scale[j], slope[j], offset[j]);
      out.v[v] = kAccumulate ? out.v[v] + value : value;
    }
    out.store(grad_x + i);
  }
};

}  // namespace denovo::ops
