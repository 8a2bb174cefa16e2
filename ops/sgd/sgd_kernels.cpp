#include "ops/sgd/sgd_kernels.h"

#include "core/kernels/kernel.h"
#include "ops/parameter_update/parameter_update_math.h"

namespace denovo::ops {
namespace {

/// A row is a block of kUpdateBlock elements of one group.
template <class T>
struct Update {
  static constexpr int kVector = 16 / sizeof(T);
  T* weights;
  const T* gradients;
  T* momentum;
  BlockFactors factors;
  double momentum_factor;

  DENOVO_HD BlockUpdate<T> row(int64_t block) const { return factors.of<T>(block); }
  template <int V>
  DENOVO_HD void apply(const BlockUpdate<T>& block, int64_t c) const {
    if (block.skip) return;
    const int64_t i = block.begin + c;
    const T keep = static_cast<T>(momentum_factor);
    auto w = Pack<T, V>::load(weights + i);
    auto v = Pack<T, V>::load(momentum + i);
    const auto g = Pack<T, V>::load(gradients + i);
    for (int k = 0; k < V; ++k) {
      v.v[k] = keep * v.v[k] + (block.clipped(g.v[k]) + block.decay * w.v[k]);
      w.v[k] -= block.lr * v.v[k];
    }
    v.store(momentum + i);
    w.store(weights + i);
  }
};

}  // namespace

void run(Context& ctx, const Sgd& args) {
  const SgdTensors& tensors = args.tensors;
  const BlockFactors factors{args.groups.of_block.data<uint8_t>(),
                             args.groups.factors.data<double>(), args.options.clip, args.state};
  dispatch_f32_f64(tensors.weights.dtype(), [&]<class T>() {
    parallel_rows(ctx, tensors.weights.numel() / kUpdateBlock, kUpdateBlock,
                  Update<T>{tensors.weights.data<T>(), tensors.gradients.data<T>(),
                            tensors.momentum.data<T>(), factors, args.options.momentum});
  });
  parallel_for(ctx, 1, CountUpdate{args.state});
}

}  // namespace denovo::ops
