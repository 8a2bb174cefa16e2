#include "ops/adamw/adamw_kernels.h"

#include <cmath>

#include "core/kernels/kernel.h"
#include "ops/parameter_update/parameter_update_math.h"

namespace denovo::ops {
namespace {

/// Once a step, since powers in double are dear on GPUs: 1 - beta1^t and sqrt(1 - beta2^t).
struct CorrectBias {
  double beta1, beta2;
  const StepState* state;
  double* corrections;

  DENOVO_HD void operator()(int64_t) const {
    const auto t = static_cast<double>(state->iteration + 1);
    corrections[0] = 1 - std::pow(beta1, t);
    corrections[1] = std::sqrt(1 - std::pow(beta2, t));
  }
};

/// A row is a block of kUpdateBlock elements of one group.
template <class T>
struct Update {
  static constexpr int kVector = 16 / sizeof(T);
  T* weights;
  const T* gradients;
  T *mean, *mean_square;
  BlockFactors factors;
  const double* corrections;
  double beta1, beta2, epsilon;

  struct Block : BlockUpdate<T> {
    T keep;  // of a weight under its decay
    T step, root;
  };
  DENOVO_HD Block row(int64_t i) const {
    const BlockUpdate<T> block = factors.of<T>(i);
    return {block, 1 - block.lr * block.decay, block.lr / static_cast<T>(corrections[0]),
            static_cast<T>(corrections[1])};
  }
  template <int V>
  DENOVO_HD void apply(const Block& block, int64_t c) const {
    if (block.skip) return;
    const int64_t i = block.begin + c;
    const T rate1 = static_cast<T>(1 - beta1), rate2 = static_cast<T>(1 - beta2),
            keep2 = static_cast<T>(beta2), eps = static_cast<T>(epsilon);
    auto w = Pack<T, V>::load(weights + i);
    auto m = Pack<T, V>::load(mean + i);
    auto s = Pack<T, V>::load(mean_square + i);
    const auto gradient = Pack<T, V>::load(gradients + i);
    for (int k = 0; k < V; ++k) {
      const T g = block.clipped(gradient.v[k]);
      m.v[k] += rate1 * (g - m.v[k]);
      s.v[k] = keep2 * s.v[k] + rate2 * g * g;
      w.v[k] = block.keep * w.v[k] - block.step * (m.v[k] / (std::sqrt(s.v[k]) / block.root + eps));
    }
    m.store(mean + i);
    s.store(mean_square + i);
    w.store(weights + i);
  }
};

}  // namespace

void run(Context& ctx, const Adamw& args) {
  const AdamwTensors& tensors = args.tensors;
  const AdamwOptions& options = args.options;
  const BlockFactors factors{args.groups.of_block.data<uint8_t>(),
                             args.groups.factors.data<double>(), options.clip, args.state};
  double* corrections = args.corrections.data<double>();
  parallel_for(ctx, 1, CorrectBias{options.beta1, options.beta2, args.state, corrections});
  dispatch_f32_f64(tensors.weights.dtype(), [&]<class T>() {
    parallel_rows(ctx, tensors.weights.numel() / kUpdateBlock, kUpdateBlock,
                  Update<T>{tensors.weights.data<T>(), tensors.gradients.data<T>(),
                            tensors.mean.data<T>(), tensors.mean_square.data<T>(), factors,
                            corrections, options.beta1, options.beta2, options.eps});
  });
  parallel_for(ctx, 1, CountUpdate{args.state});
}

}  // namespace denovo::ops
