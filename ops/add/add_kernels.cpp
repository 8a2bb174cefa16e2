#include "ops/add/add_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Sum {
  const T *a, *b;
  T* y;
  bool relu;
  DENOVO_HD void operator()(int64_t i) const {
    const Compute<T> sum = static_cast<Compute<T>>(a[i]) + static_cast<Compute<T>>(b[i]);
    y[i] = static_cast<T>(relu && sum < 0 ? Compute<T>(0) : sum);
  }
};

}  // namespace

void run(Context& ctx, const AddForward& args) {
  dispatch_floating(args.a.dtype(), [&]<class T>() {
    parallel_for(ctx, args.a.numel(),
                 Sum<T>{args.a.data<T>(), args.b.data<T>(), args.y.data<T>(), args.relu});
  });
}

}  // namespace denovo::ops
