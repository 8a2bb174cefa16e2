// The backward half of normalized_rows.h: sums over rows for the parameters and the statistics,
// then the gradient of every element.
#pragma once

#include "ops/normalization/normalized_rows.h"

namespace denovo::ops {

/// The rows that a backward pass reads. y: with kFromY only.
template <class T>
struct GradientRows {
  const T *x, *grad_y, *y;
  int64_t rows, channels;
};

template <ReluMask kMask, bool kStore, class T, class A>
void gradient_sums(const GradientRows<T>& in, const RowCoefficients<A>& k, A* __restrict grad_sum,
                   A* __restrict grad_dot, T* masked) {
  const A* __restrict mean = k.mean, * __restrict scale = k.scale, * __restrict bias = k.bias;
  std::fill_n(grad_sum, in.channels, A(0));
  std::fill_n(grad_dot, in.channels, A(0));
  for (int64_t r = 0; r < in.rows; ++r) {
    const int64_t i = r * in.channels;
    const T* __restrict x = in.x + i, * __restrict grad_y = in.grad_y + i;
    const T* __restrict y = kMask == ReluMask::kFromY ? in.y + i : nullptr;
    T* __restrict out = kStore ? masked + i : nullptr;
#pragma GCC ivdep
    for (int64_t c = 0; c < in.channels; ++c) {
      const A centred = static_cast<A>(x[c]) - mean[c];
      const A y_c = kMask == ReluMask::kFromY ? static_cast<A>(y[c]) : A(0);
      const A g =
          masked_gradient<kMask>(static_cast<A>(grad_y[c]), y_c, centred, scale[c], bias[c]);
      add_gradient(g, centred, grad_sum[c], grad_dot[c]);
      if constexpr (kStore) out[c] = static_cast<T>(g);
    }
  }
}

/// grad_sum[c], grad_dot[c]: add_gradient over the rows; masked (null with kFromX, else it may be
/// null) receives g itself.
template <class T, class A>
void gradient_sums(const GradientRows<T>& in, const RowCoefficients<A>& k, ReluMask mask,
                   A* grad_sum, A* grad_dot, T* masked) {
  switch (mask) {
    case ReluMask::kNone:
      return masked ? gradient_sums<ReluMask::kNone, true>(in, k, grad_sum, grad_dot, masked)
                    : gradient_sums<ReluMask::kNone, false>(in, k, grad_sum, grad_dot, masked);
    case ReluMask::kFromX:
      return gradient_sums<ReluMask::kFromX, false>(in, k, grad_sum, grad_dot, masked);
    case ReluMask::kFromY:
      return masked ? gradient_sums<ReluMask::kFromY, true>(in, k, grad_sum, grad_dot, masked)
                    : gradient_sums<ReluMask::kFromY, false>(in, k, grad_sum, grad_dot, masked);
  }
}

template <ReluMask kMask, bool kAccumulate, class T, class A>
void input_gradient_rows(const GradientRows<T>& in, const RowCoefficients<A>& k, T* grad_x) {
  const A* __restrict mean = k.mean, * __restrict scale = k.scale, * __restrict bias = k.bias;
  const A* __restrict slope = k.slope, * __restrict offset = k.offset;
  for (int64_t r = 0; r < in.rows; ++r) {
    const int64_t i = r * in.channels;
    const T* __restrict x = in.x + i, * __restrict grad_y = in.grad_y + i;
    const T* __restrict y = kMask == ReluMask::kFromY ? in.y + i : nullptr;
    T* __restrict out = grad_x + i;
#pragma GCC ivdep
    for (int64_t c = 0; c < in.channels; ++c) {
      const A centred = static_cast<A>(x[c]) - mean[c];
      const A y_c = kMask == ReluMask::kFromY ? static_cast<A>(y[c]) : A(0);
      const A g =
          masked_gradient<kMask>(static_cast<A>(grad_y[c]), y_c, centred, scale[c], bias[c]);
      A value = element_gradient(g, centred, scale[c], slope[c], offset[c]);
      if constexpr (kAccumulate) value += static_cast<A>(out[c]);
      out[c] = static_cast<T>(value);
    }
  }
}

/// grad_x = element_gradient of every element, added to what is there if accumulate.
template <class T, class A>
void input_gradient(const GradientRows<T>& in, const RowCoefficients<A>& k, ReluMask mask,
                    bool accumulate, T* grad_x) {
  const auto go = [&]<ReluMask kMask>() {
    accumulate ? input_gradient_rows<kMask, true>(in, k, grad_x)
               : input_gradient_rows<kMask, false>(in, k, grad_x);
  };
  switch (mask) {
    case ReluMask::kNone:
      return go.template operator()<ReluMask::kNone>();
    case ReluMask::kFromX:
      return go.template operator()<ReluMask::kFromX>();
    case ReluMask::kFromY:
      return go.template operator()<ReluMask::kFromY>();
  }
}

}  // namespace denovo::ops
