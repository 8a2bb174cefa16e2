#include "core/kernels/chunked_sum.h"
#include "ops/gradient_norm/gradient_norm_kernels.h"
#include "ops/gradient_norm/gradient_norm_math.h"

namespace denovo::ops {

void run(CpuContext& ctx, const GradientNorm& args) {
  dispatch_f32_f64(args.gradients.dtype(), [&]<class T>() {
    const double sum =
        chunked_sum(ctx, args.gradients.numel(), SquaredGradient<T>{args.gradients.data<T>()});
    bool losses_finite = true;
    for (const Tensor& loss : args.losses) losses_finite &= std::isfinite(*loss.data<T>());
    record_gradient_norm(*args.state, sum, losses_finite);
  });
}

}  // namespace denovo::ops
