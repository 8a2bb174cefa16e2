#include "ops/weight_average/weight_average_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

/// A row is a block of kAverageBlock elements.
template <class T>
struct Average {
  static constexpr int kVector = 16 / sizeof(T);
  T* average;
  const T* weights;
  double decay;
  const StepState* state;

  struct Block {
    int64_t begin;
    T rate;
    bool skip;
  };
  DENOVO_HD Block row(int64_t block) const {
    const auto t = static_cast<double>(state->iteration);
    const double early = (1 + t) / (10 + t);
    return {block * kAverageBlock, static_cast<T>(1 - (decay < early ? decay : early)),
            state->faulted != 0};
  }
  template <int V>
  DENOVO_HD void apply(const Block& block, int64_t c) const {
    if (block.skip) return;
    const int64_t i = block.begin + c;
    auto a = Pack<T, V>::load(average + i);
    const auto w = Pack<T, V>::load(weights + i);
    for (int k = 0; k < V; ++k) a.v[k] += block.rate * (w.v[k] - a.v[k]);
    a.store(average + i);
  }
};

}  // namespace

void run(Context& ctx, const WeightAverage& args) {
  dispatch_f32_f64(args.weights.dtype(), [&]<class T>() {
    parallel_rows(
        ctx, args.weights.numel() / kAverageBlock, kAverageBlock,
        Average<T>{args.average.data<T>(), args.weights.data<T>(), args.decay, args.state});
  });
}

}  // namespace denovo::ops
