// The bias gradient as block kernels: slabs of rows, then their sum. Runs on the backend that
// core/kernels/kernel.h picks: the GPU's run, and on the CPU the test of the same phases.
#pragma once

#include "core/kernels/slab_sums.h"
#include "ops/bias/bias_kernels.h"

namespace denovo::ops::bias_blocks {

/// The element itself.
template <class T>
struct ElementTerm {
  using A = Compute<T>;
  static constexpr int kVector = 16 / sizeof(T), kValues = 1;
  const T* grad_y;

  struct State {};
  template <int V>
  DENOVO_HD State state(int64_t /*n*/, int64_t /*c*/) const {
    return {};
  }
  template <int V>
  DENOVO_HD void add(const State&, int64_t i, A (&totals)[kValues][V]) const {
    const auto value = Pack<T, V>::load(grad_y + i);
    for (int v = 0; v < V; ++v) totals[0][v] += value.v[v];
  }
};

inline void run(Context& ctx, const BiasBackward& args) {
  const int64_t channels = args.grad_y.size(-1);
  if (channels == 0) return;
  dispatch_floating(args.grad_y.dtype(), [&]<class T>() {
    using Term = ElementTerm<T>;
    using A = typename Term::A;
    const auto cut = SlabCut::of_one_sample(args.grad_y, Term::kVector, BlockKernel::kThreads);
    const Tensor slabs =
        Tensor::empty({cut.num_slabs, channels}, dtype_of<A>, args.grad_y.device());
    slab_sums(ctx, Term{args.grad_y.data<T>()}, cut, slabs);
    using Join = JoinSums<A, T, 8>;
    parallel_phases(
        ctx, Join::blocks(channels),
        Join(slabs.data<A>(), args.grad_bias.data<T>(), cut.num_slabs, channels, args.beta != 0));
  });
}

}  // namespace denovo::ops::bias_blocks
