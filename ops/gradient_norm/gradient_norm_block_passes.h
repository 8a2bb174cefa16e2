// The launches of the block kernels on the backend that core/kernels/kernel.h picks: the GPU's run,
// and on the CPU the test of the same phases.
#pragma once

#include "core/kernels/chunked_sum_blocks.h"
#include "ops/gradient_norm/gradient_norm.h"
#include "ops/gradient_norm/gradient_norm_kernels.h"
#include "ops/gradient_norm/gradient_norm_math.h"

namespace denovo::ops::gradient_norm_blocks {

template <class T>
struct RecordNorm {
  StepState* state;
  int num_losses;
  const T* losses[kMaxLosses];

  DENOVO_HD void operator()(double sum_of_squares) const {
    bool finite = true;
    for (int i = 0; i < num_losses; ++i) finite &= std::isfinite(*losses[i]);
    record_gradient_norm(*state, sum_of_squares, finite);
  }
};

inline void run(Context& ctx, const GradientNorm& args) {
  const Tensor& gradients = args.gradients;
  dispatch_f32_f64(gradients.dtype(), [&]<class T>() {
    RecordNorm<T> record{args.state, static_cast<int>(args.losses.size()), {}};
    for (size_t i = 0; i < args.losses.size(); ++i) record.losses[i] = args.losses[i].data<T>();
    chunked_sum_blocks(ctx, gradients.device(), gradients.numel(),
                       SquaredGradient<T>{gradients.data<T>()}, record);
  });
}

}  // namespace denovo::ops::gradient_norm_blocks
