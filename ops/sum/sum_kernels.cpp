#include "ops/sum/sum_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Backward {
  const T* grad_y;
  T* grad_x;
  bool accumulate;
  DENOVO_HD void operator()(int64_t i) const {
    grad_x[i] = accumulate ? grad_x[i] + *grad_y : *grad_y;
  }
};

}  // namespace

void run(Context& ctx, const SumBackward& args) {
  dispatch_f32_f64(args.grad_x.dtype(), [&]<class T>() {
    parallel_for(ctx, args.grad_x.numel(),
                 Backward<T>{args.grad_y.data<T>(), args.grad_x.data<T>(), args.beta != 0});
  });
}

}  // namespace denovo::ops
