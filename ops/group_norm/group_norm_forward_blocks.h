// The forward half of the block kernels: moments of each group, then every element.
#pragma once

#include "ops/group_norm/group_norm_math.h"
#include "ops/group_norm/group_norm_sums.h"

namespace denovo::ops {

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
    for (int v = 0; v < V; ++v) {
      const A d = value.v[v] - s.shift[v];
      totals[0][v] += d;
      totals[1][v] += d * d;
    }
  }
};

/// One block a sample: joins the slabs to mean and rstd of each group and expands them to channels.
template <class T>
struct FinishForward : BlockKernel {
  using A = Compute<T>;
  static constexpr int kPhases = 3;

  MomentTerm<T> term;
  GroupNormCut cut;
  const A *sums, *weight;
  A *mean, *rstd;
  ChannelCoefficients<A> expanded;
  double eps;

  FinishForward(const MomentTerm<T>& t, const GroupNormCut& c, const A* s, const A* w, A* m, A* r,
                const ChannelCoefficients<A>& e, double epsilon)
      : term(t), cut(c), sums(s), weight(w), mean(m), rstd(r), expanded(e), eps(epsilon) {}
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
        mean[n * cut.groups + g] = static_cast<A>(moments.mean);
        rstd[n * cut.groups + g] = static_cast<A>(reciprocal_deviation(moments, eps));
      }
    } else {
      for (int64_t c = at.thread; c < cut.channels; c += kThreads) {
        const int64_t g = n * cut.groups + c / size;
        expanded.mean[n * cut.channels + c] = mean[g];
        expanded.scale[n * cut.channels + c] = rstd[g] * weight[c];
      }
    }
  }
};

/// y = act((x - mean) * scale + bias + residual).
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
      A value = (in.v[v] - k.mean[row.sample + c + v]) * k.scale[row.sample + c + v] + bias[c + v];
      if constexpr (kResidual) value += other.v[v];
      if constexpr (kRelu) value = value < 0 ? A(0) : value;  // this order keeps NaN
      out.v[v] = value;
    }
    out.store(y + row.first + c);
  }
};

}  // namespace denovo::ops
