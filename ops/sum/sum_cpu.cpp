#include "core/kernels/chunked_sum.h"
#include "ops/sum/sum_kernels.h"

namespace denovo::ops {

void run(CpuContext& ctx, const SumForward& args) {
  dispatch_f32_f64(args.x.dtype(), [&]<class T>() {
    const T* x = args.x.data<T>();
    const double sum = chunked_sum(ctx, args.x.numel(), [=](int64_t i) { return double{x[i]}; });
    *args.y.data<T>() = static_cast<T>(sum);
  });
}

}  // namespace denovo::ops
