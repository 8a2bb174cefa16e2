#include "ops/relu/relu_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Forward {
  const T* x;
  T* y;
  DENOVO_HD void operator()(int64_t i) const {
    const Compute<T> value = x[i];
    y[i] = static_cast<T>(value < 0 ? Compute<T>(0) : value);  // this order keeps NaN
  }
};

template <class T, bool kAccumulate>
struct Backward {
  const T *y, *grad_y;
  T* grad_x;
  DENOVO_HD void operator()(int64_t i) const {
    Compute<T> g = Compute<T>(y[i]) > 0 ? Compute<T>(grad_y[i]) : Compute<T>(0);
    if constexpr (kAccumulate) g += Compute<T>(grad_x[i]);
    grad_x[i] = static_cast<T>(g);
  }
};

}  // namespace

void run(Context& ctx, const ReluForward& args) {
  dispatch_floating(args.x.dtype(), [&]<class T>() {
    parallel_for(ctx, args.x.numel(), Forward<T>{args.x.data<T>(), args.y.data<T>()});
  });
}

void run(Context& ctx, const ReluBackward& args) {
  dispatch_floating(args.y.dtype(), [&]<class T>() {
    const T *y = args.y.data<T>(), *grad_y = args.grad_y.data<T>();
    T* grad_x = args.grad_x.data<T>();
    if (args.beta == 0) {
      parallel_for(ctx, args.y.numel(), Backward<T, false>{y, grad_y, grad_x});
    } else {
      parallel_for(ctx, args.y.numel(), Backward<T, true>{y, grad_y, grad_x});
    }
  });
}

}  // namespace denovo::ops
