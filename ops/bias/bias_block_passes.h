// The bias gradient as block kernels: slabs of rows, then their sum. Runs on the backend that
// core/kernels/kernel.h picks: the GPU's run, and on the CPU the test of the same phases.
#pragma once

#include "core/kernels/slab_sums.h"
#include "ops/bias/bias_kernels.h"

namespace denovo::ops::bias_blocks {

/// The element itself; with kMasked where y > 0, else 0, which is stored in masked.
template <class T, bool kMasked>
struct BiasTerm {
  using A = Compute<T>;
  static constexpr int kVector = 16 / sizeof(T), kValues = 1, kBatch = 4;
  const T *grad_y, *y;
  T* masked;

  struct State {};
  template <int V>
  struct In {
    Pack<T, V> g, y;
  };
  template <int V>
  DENOVO_HD State state(const SlabPlace&) const {
    return {};
  }
  template <int V>
  DENOVO_HD In<V> load(uint32_t i) const {
    In<V> in;
    in.g = Pack<T, V>::load(grad_y + i);
    if constexpr (kMasked) in.y = Pack<T, V>::load(y + i);
    return in;
  }
  template <int V>
  DENOVO_HD void add(const State&, const In<V>& in, uint32_t i, A (&totals)[kValues][V]) const {
    Pack<T, V> out = in.g;
    if constexpr (kMasked) {
      for (int v = 0; v < V; ++v) out.v[v] = in.y.v[v] > 0 ? in.g.v[v] : A(0);
      out.store(masked + i);
    }
    for (int v = 0; v < V; ++v) totals[0][v] += out.v[v];
  }
};

template <class T, class Term>
void sum_rows(Context& ctx, const Term& term, const Tensor& grad_y, const Tensor& grad_bias,
              double beta) {
  using A = typename Term::A;
  const int64_t channels = grad_y.size(-1);
  const auto cut = cut_for_sums<Term>(1, grad_y.numel() / channels, channels);
  const Tensor slabs = Tensor::empty(Shape{cut.num_slabs, channels}, dtype_of<A>, grad_y.device());
  slab_sums(ctx, term, cut, slabs);
  using Join = JoinSums<A, T, 8>;
  parallel_phases(ctx, Join::blocks(channels),
                  Join(slabs.data<A>(), grad_bias.data<T>(), cut.num_slabs, channels, beta != 0));
}

inline void run(Context& ctx, const BiasBackward& args) {
  if (args.grad_y.size(-1) == 0) return;
  dispatch_floating(args.grad_y.dtype(), [&]<class T>() {
    const BiasTerm<T, false> term{args.grad_y.data<T>(), nullptr, nullptr};
    sum_rows<T>(ctx, term, args.grad_y, args.grad_bias, args.beta);
  });
}

inline void run(Context& ctx, const ReluBiasBackward& args) {
  if (args.grad_y.size(-1) == 0) return;
  dispatch_floating(args.grad_y.dtype(), [&]<class T>() {
    const BiasTerm<T, true> term{args.grad_y.data<T>(), args.y.data<T>(), args.masked.data<T>()};
    sum_rows<T>(ctx, term, args.grad_y, args.grad_bias, args.beta);
  });
}

}  // namespace denovo::ops::bias_blocks
