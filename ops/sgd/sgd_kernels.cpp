#include "ops/sgd/sgd_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

/// A row is a block of kSgdBlock elements of one group.
template <class T>
struct Update {
  static constexpr int kVector = 16 / sizeof(T);
  T* weights;
  const T* gradients;
  T* momentum;
  const uint8_t* group_of_block;
  const double* factors;
  double momentum_factor, clip_norm;
  const StepState* state;

  struct Block {
    int64_t begin;
    T scale, decay, lr, momentum;
    bool skip;
  };
  DENOVO_HD Block row(int64_t block) const {
    const double* group = factors + 2 * group_of_block[block];
    const bool clip = clip_norm > 0 && state->grad_norm > clip_norm;
    return {block * kSgdBlock,
            static_cast<T>(clip ? clip_norm / state->grad_norm : 1.0),
            static_cast<T>(group[0]),
            static_cast<T>(state->lr * group[1]),
            static_cast<T>(momentum_factor),
            state->faulted != 0};
  }
  template <int V>
  DENOVO_HD void apply(const Block& block, int64_t c) const {
    if (block.skip) return;
    const int64_t i = block.begin + c;
    auto w = Pack<T, V>::load(weights + i);
    auto v = Pack<T, V>::load(momentum + i);
    const auto g = Pack<T, V>::load(gradients + i);
    for (int k = 0; k < V; ++k) {
      v.v[k] = block.momentum * v.v[k] + (block.scale * g.v[k] + block.decay * w.v[k]);
      w.v[k] -= block.lr * v.v[k];
    }
    v.store(momentum + i);
    w.store(weights + i);
  }
};

struct CountUpdate {
  StepState* state;
  DENOVO_HD void operator()(int64_t) const {
    if (!state->faulted) ++state->iteration;
  }
};

}  // namespace

void run(Context& ctx, const Sgd& args) {
  const SgdTensors& tensors = args.tensors;
  dispatch_f32_f64(tensors.weights.dtype(), [&]<class T>() {
    parallel_rows(ctx, tensors.weights.numel() / kSgdBlock, kSgdBlock,
                  Update<T>{tensors.weights.data<T>(), tensors.gradients.data<T>(),
                            tensors.momentum.data<T>(), args.groups.of_block.data<uint8_t>(),
                            args.groups.factors.data<double>(), args.options.momentum,
                            args.options.clip_norm, args.state});
  });
  parallel_for(ctx, 1, CountUpdate{args.state});
}

}  // namespace denovo::ops
