#include "ops/add/add_kernels.h"

#include "core/kernels/common_vector.h"
#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T, bool kRelu>
struct Sum {
  static constexpr int kVector = 16 / sizeof(T);
  const T *a, *b;
  T* y;
  int vector() const { return common_vector(kVector, 0, a, b, y); }
  template <int V>
  DENOVO_HD void apply(int64_t i) const {
    auto sum = Pack<T, V>::load(a + i);
    const auto other = Pack<T, V>::load(b + i);
    for (int v = 0; v < V; ++v) sum.v[v] += other.v[v];
    sum.template store<kRelu>(y + i);
  }
};

}  // namespace

void run(Context& ctx, const AddForward& args) {
  dispatch_floating(args.a.dtype(), [&]<class T>() {
    const T *a = args.a.data<T>(), *b = args.b.data<T>();
    T* y = args.y.data<T>();
    args.relu ? parallel_vectors(ctx, args.a.numel(), Sum<T, true>{a, b, y})
              : parallel_vectors(ctx, args.a.numel(), Sum<T, false>{a, b, y});
  });
}

}  // namespace denovo::ops
