// The backward half of the block kernels: sums of the gradient, then that of every element.
#pragma once

#include "ops/group_norm/group_norm_math.h"
#include "ops/group_norm/group_norm_sums.h"
#include "ops/group_norm/masked_gradient.h"

namespace denovo::ops {

/// Backward's values: g and g * (x - mean), g the gradient before the ReLU; stores g in masked.
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
      totals[0][v] += g;
      totals[1][v] += g * centred;
      g_out.v[v] = g;
    }
    if (masked) g_out.store(masked + i);
  }
};

/// One block a sample: slope and offset of each channel, and what the sample adds to the gradients
/// of bias (grad_sums) and weight (grad_dots).
template <class A>
struct FinishBackward : BlockKernel {
  static constexpr int kPhases = 3;

  GroupNormCut cut;
  const A *sums, *weight, *rstd;
  A *slope, *offset, *grad_sums, *grad_dots;  // [N][C]

  FinishBackward(const GroupNormCut& c, const A* s, const A* w, const A* r, A* slopes, A* offsets,
                 A* sum_out, A* dot_out)
      : cut(c),
        sums(s),
        weight(w),
        rstd(r),
        slope(slopes),
        offset(offsets),
        grad_sums(sum_out),
        grad_dots(dot_out) {}
  int64_t shared_bytes() const {
    return 2 * (cut.channels + cut.groups) * static_cast<int64_t>(sizeof(double));
  }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    const int64_t n = at.block, size = cut.group_size();
    double *totals = at.share<double>(), *gradients = totals + 2 * cut.channels;  // [2][C], [2][G]
    if constexpr (P == 0) {
      add_slabs(cut, sums, n, at.thread, kThreads, totals);
    } else if constexpr (P == 1) {
      for (int64_t g = at.thread; g < cut.groups; g += kThreads) {
        double sum = 0, dot = 0;
        for (int64_t c = g * size; c < (g + 1) * size; ++c) {
          sum += static_cast<double>(weight[c]) * totals[c];
          dot += static_cast<double>(weight[c]) * totals[cut.channels + c];
        }
        const auto gradient =
            GroupGradient::from_sums(sum, dot, static_cast<double>(rstd[n * cut.groups + g]),
                                     static_cast<double>(cut.rows * size));
        gradients[g] = gradient.slope;
        gradients[cut.groups + g] = gradient.offset;
      }
    } else {
      for (int64_t c = at.thread; c < cut.channels; c += kThreads) {
        const int64_t g = c / size, i = n * cut.channels + c;
        slope[i] = static_cast<A>(gradients[g]);
        offset[i] = static_cast<A>(gradients[cut.groups + g]);
        grad_sums[i] = static_cast<A>(totals[c]);
        grad_dots[i] = static_cast<A>(totals[cut.channels + c] *
                                      static_cast<double>(rstd[n * cut.groups + g]));
      }
    }
  }
};

/// grad_x = scale * g + slope * (x - mean) + offset, added to what is there with kAccumulate.
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
    const int64_t i = row.first + c, j = row.sample + c;
    const auto x_in = Pack<T, V>::load(x + i), g_in = Pack<T, V>::load(grad_y + i);
    Pack<T, V> y_in, out;
    if constexpr (kMask == ReluMask::kFromY) y_in = Pack<T, V>::load(y + i);
    if constexpr (kAccumulate) out = Pack<T, V>::load(grad_x + i);
    for (int v = 0; v < V; ++v) {
      const A centred = x_in.v[v] - k.mean[j + v];
      const A g = masked_gradient<kMask>(g_in.v[v], kMask == ReluMask::kFromY ? y_in.v[v] : A(0),
                                         centred, k.scale[j + v], bias[c + v]);
      const A value = k.scale[j + v] * g + (slope[j + v] * centred + offset[j + v]);
      out.v[v] = kAccumulate ? out.v[v] + value : value;
    }
    out.store(grad_x + i);
  }
};

/// mean and scale of every channel from the saved statistics, as FinishForward computes them.
template <class A>
struct ExpandStatistics {
  const A *mean, *rstd, *weight;
  ChannelCoefficients<A> expanded;
  int64_t channels, groups;

  DENOVO_HD void operator()(int64_t i) const {
    const int64_t c = i % channels, g = i / channels * groups + c / (channels / groups);
    expanded.mean[i] = mean[g];
    expanded.scale[i] = rstd[g] * weight[c];
  }
};

}  // namespace denovo::ops
