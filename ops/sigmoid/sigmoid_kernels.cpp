#include "ops/sigmoid/sigmoid_kernels.h"

#include "core/kernels/kernel.h"
#include "ops/sigmoid/sigmoid_math.h"

namespace denovo::ops {
namespace {

template <class T>
struct Forward {
  const T* x;
  T* y;
  DENOVO_HD void operator()(int64_t i) const {
    y[i] = static_cast<T>(sigmoid_value(static_cast<Compute<T>>(x[i])));
  }
};

}  // namespace

void run(Context& ctx, const Sigmoid& args) {
  dispatch_floating(args.x.dtype(), [&]<class T>() {
    parallel_for(ctx, args.x.numel(), Forward<T>{args.x.data<T>(), args.y.data<T>()});
  });
}

}  // namespace denovo::ops
