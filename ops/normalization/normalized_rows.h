// Loops over rows of channels that group_norm and batch_norm share on the CPU, for when mean and
// scale stand in one array per channel; normalized_vectors.h is the GPU's. Every loop walks whole
// rows with the channels innermost, so that it vectorises whatever the number of channels per group
// is. Compute<T> is the type of all per-channel arrays.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/tensor/dtype.h"
#include "ops/normalization/normalization_math.h"

namespace denovo::ops {

/// Rows in a slab, the unit of partial sums and of parallel work: about 128 KiB of f32 (it stays in
/// the second-level cache), at most 256 rows, so that f32 sums lose little, and at least 32, so
/// that merging a slab costs little beside reading it. Depends on the shape alone: any number of
/// threads gives the same bytes.
inline int64_t rows_per_slab(int64_t channels) {
  return std::clamp<int64_t>(32768 / std::max<int64_t>(channels, 1), 32, 256);
}

/// Per-channel arrays of one sample.
template <class A>
struct RowCoefficients {
  const A *mean, *scale, *bias;
  const A *slope = nullptr, *offset = nullptr;  // input_gradient only
};

/// sum[c] = sum over rows of x - shift[c], sum_of_squares[c] the same of its square. Row after row:
/// four rows at a time halve the work in cache, but their four streams defeat the prefetcher and
/// cost two thirds of the bandwidth from memory.
template <class T, class A>
void shifted_sums(const T* __restrict x, int64_t rows, int64_t channels, const A* __restrict shift,
                  A* __restrict sum, A* __restrict sum_of_squares) {
  std::fill_n(sum, channels, A(0));
  std::fill_n(sum_of_squares, channels, A(0));
  for (int64_t r = 0; r < rows; ++r, x += channels) {
#pragma GCC ivdep
    for (int64_t c = 0; c < channels; ++c) {
      add_shifted(static_cast<A>(x[c]), shift[c], sum[c], sum_of_squares[c]);
    }
  }
}

template <bool kRelu, bool kResidual, class T, class A>
void normalize_rows(const T* __restrict x, const T* __restrict residual, T* __restrict y,
                    int64_t rows, int64_t channels, const RowCoefficients<A>& k) {
  const A* __restrict mean = k.mean, * __restrict scale = k.scale, * __restrict bias = k.bias;
  for (int64_t r = 0; r < rows; ++r, x += channels, y += channels) {
#pragma GCC ivdep
    for (int64_t c = 0; c < channels; ++c) {
      const A centred = static_cast<A>(x[c]) - mean[c];
      const A added = kResidual ? static_cast<A>(residual[c]) : A(0);
      y[c] = static_cast<T>(normalized<kRelu, kResidual>(centred, scale[c], bias[c], added));
    }
    if constexpr (kResidual) residual += channels;
  }
}

/// residual: null when there is none.
template <class T, class A>
void normalize(const T* x, const T* residual, T* y, int64_t rows, int64_t channels,
               const RowCoefficients<A>& k, bool relu) {
  if (residual) {
    relu ? normalize_rows<true, true>(x, residual, y, rows, channels, k)
         : normalize_rows<false, true>(x, residual, y, rows, channels, k);
  } else {
    relu ? normalize_rows<true, false>(x, residual, y, rows, channels, k)
         : normalize_rows<false, false>(x, residual, y, rows, channels, k);
  }
}

}  // namespace denovo::ops
