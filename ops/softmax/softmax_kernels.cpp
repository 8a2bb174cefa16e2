#include "ops/softmax/softmax_kernels.h"

#include "core/kernels/kernel.h"
#include "ops/softmax/softmax_math.h"

namespace denovo::ops {
namespace {

template <class T>
struct Forward {
  const T* x;
  T* y;
  int64_t classes;
  DENOVO_HD void operator()(int64_t r) const {
    const T* row = x + r * classes;
    const auto stats = softmax_stats(row, classes);
    for (int64_t c = 0; c < classes; ++c) {
      y[r * classes + c] = static_cast<T>(softmax_value(row[c], stats));
    }
  }
};

}  // namespace

void run(Context& ctx, const Softmax& args) {
  const int64_t classes = args.x.size(-1);
  dispatch_floating(args.x.dtype(), [&]<class T>() {
    parallel_for(ctx, args.x.numel() / classes,
                 Forward<T>{args.x.data<T>(), args.y.data<T>(), classes}, classes);
  });
}

}  // namespace denovo::ops
