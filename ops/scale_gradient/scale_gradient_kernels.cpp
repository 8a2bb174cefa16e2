#include "ops/scale_gradient/scale_gradient_kernels.h"

#include "core/kernels/common_vector.h"
#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T, bool kAccumulate>
struct Backward {
  static constexpr int kVector = 16 / sizeof(T);
  const T* grad_y;
  T* grad_x;
  Compute<T> factor;
  int vector() const { return common_vector(kVector, 0, grad_y, grad_x); }
  template <int V>
  DENOVO_HD void apply(int64_t i) const {
    auto out = Pack<T, V>::load(grad_y + i);
    const auto before = kAccumulate ? Pack<T, V>::load(grad_x + i) : Pack<T, V>::fill(0);
    for (int v = 0; v < V; ++v) {
      const Compute<T> share = factor * out.v[v];
      out.v[v] = kAccumulate ? before.v[v] + share : share;
    }
    out.store(grad_x + i);
  }
};

}  // namespace

void run(Context& ctx, const ScaleGradientBackward& args) {
  dispatch_floating(args.grad_y.dtype(), [&]<class T>() {
    const T* grad_y = args.grad_y.data<T>();
    T* grad_x = args.grad_x.data<T>();
    const auto factor = static_cast<Compute<T>>(args.factor);
    if (args.beta == 0) {
      parallel_vectors(ctx, args.grad_y.numel(), Backward<T, false>{grad_y, grad_x, factor});
    } else {
      parallel_vectors(ctx, args.grad_y.numel(), Backward<T, true>{grad_y, grad_x, factor});
    }
  });
}

}  // namespace denovo::ops
