// Group normalization as block kernels, for the GPU; the CPU suite runs the same phases. Two passes
// over memory each way: slabs of rows are reduced to sums of each channel
// (core/kernels/slab_sums.h), one block a sample makes statistics or slopes of its groups from
// them, then every element is mapped (ops/normalization/normalized_vectors.h).
#pragma once

#include "core/kernels/moments.h"
#include "core/kernels/slab_sums.h"
#include "ops/normalization/normalized_vectors.h"

namespace denovo::ops {

struct GroupNormCut : SlabCut {
  int64_t groups;

  GroupNormCut(const Tensor& x, int num_groups, int widest_vector, int threads)
      : SlabCut(x, widest_vector, threads), groups(num_groups) {}
  DENOVO_HD int64_t group_size() const { return channels / groups; }
};

/// totals [2][C] of sample n over its slabs, in their order; a thread adds every threads-th value.
template <class A>
DENOVO_HD void add_slabs(const SlabCut& cut, const A* sums, int64_t n, int thread, int threads,
                         double* totals) {
  for (int64_t i = thread; i < 2 * cut.channels; i += threads) {
    double total = 0;
    for (int64_t s = 0; s < cut.num_slabs; ++s)
      total += static_cast<double>(sums[(n * cut.num_slabs + s) * 2 * cut.channels + i]);
    totals[i] = total;
  }
}

/// Forward's values: x - shift and its square. The shift of a group is one of its own values.
template <class T>
struct MomentTerm {
  using A = Compute<T>;
  static constexpr int kVector = 16 / sizeof(T), kValues = 2;
  const T* x;
  int64_t rows, channels, group_size;

  template <int V>
  struct State {
    A shift[V];
  };
  DENOVO_HD A shift_of(int64_t n, int64_t c) const {
    return static_cast<A>(x[n * rows * channels + c / group_size * group_size]);
  }
  template <int V>
  DENOVO_HD State<V> state(int64_t n, int64_t c) const {
    State<V> s;
    for (int v = 0; v < V; ++v) s.shift[v] = shift_of(n, c + v);
    return s;
  }
  template <int V>
  DENOVO_HD void add(const State<V>& s, int64_t i, A (&totals)[2][V]) const {
    const auto value = Pack<T, V>::load(x + i);
    for (int v = 0; v < V; ++v) add_shifted(value.v[v], s.shift[v], totals[0][v], totals[1][v]);
  }
};

/// The statistics of groups [N][G] as coefficients of every channel, element i of [N][C].
template <class A>
struct ExpandStatistics {
  A *mean, *rstd;
  const A* weight;
  ChannelCoefficients<A> expanded;
  int64_t channels, groups;

  DENOVO_HD void operator()(int64_t i) const {
    const int64_t c = i % channels, g = i / channels * groups + c / (channels / groups);
    expanded.mean[i] = mean[g];
    expanded.scale[i] = channel_scale(rstd[g], weight[c]);
  }
};

/// One block a sample: joins the slabs to mean and rstd of each group and expands them to channels.
template <class T>
struct FinishForward : BlockKernel {
  using A = Compute<T>;
  static constexpr int kPhases = 3;

  MomentTerm<T> term;
  GroupNormCut cut;
  const A* sums;
  ExpandStatistics<A> statistics;
  double eps;

  FinishForward(const MomentTerm<T>& t, const GroupNormCut& c, const A* s,
                const ExpandStatistics<A>& expand, double epsilon)
      : term(t), cut(c), sums(s), statistics(expand), eps(epsilon) {}
  int64_t shared_bytes() const { return 2 * cut.channels * static_cast<int64_t>(sizeof(double)); }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    const int64_t n = at.block, size = cut.group_size();
    double* totals = at.share<double>();  // [2][C]
    if constexpr (P == 0) {
      add_slabs(cut, sums, n, at.thread, kThreads, totals);
    } else if constexpr (P == 1) {
      for (int64_t g = at.thread; g < cut.groups; g += kThreads) {
        double sum = 0, squares = 0;
        for (int64_t c = g * size; c < (g + 1) * size; ++c) {
          sum += totals[c];
          squares += totals[cut.channels + c];
        }
        const auto moments = Moments::from_shifted_sums(
            static_cast<double>(cut.rows * size), static_cast<double>(term.shift_of(n, g * size)),
            sum, squares);
        statistics.mean[n * cut.groups + g] = static_cast<A>(moments.mean);
        statistics.rstd[n * cut.groups + g] =
            static_cast<A>(reciprocal_deviation(moments.variance(), eps));
      }
    } else {
      for (int64_t c = at.thread; c < cut.channels; c += kThreads) statistics(n * cut.channels + c);
    }
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

}  // namespace denovo::ops
