#include "ops/relu/relu_kernels.h"

#include "core/kernels/common_vector.h"
#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Forward {
  static constexpr int kVector = 16 / sizeof(T);
  const T* x;
  T* y;
  int vector() const { return common_vector(kVector, 0, x, y); }
  template <int V>
  DENOVO_HD void apply(int64_t i) const {
    Pack<T, V>::load(x + i).template store<true>(y + i);
  }
};

template <class T, bool kAccumulate>
struct Backward {
  static constexpr int kVector = 16 / sizeof(T);
  const T *y, *grad_y;
  T* grad_x;
  int vector() const { return common_vector(kVector, 0, y, grad_y, grad_x); }
  template <int V>
  DENOVO_HD void apply(int64_t i) const {
    const auto y_in = Pack<T, V>::load(y + i);
    auto g = Pack<T, V>::load(grad_y + i);
    for (int v = 0; v < V; ++v) g.v[v] = y_in.v[v] > 0 ? g.v[v] : Compute<T>(0);
    if constexpr (kAccumulate) {
      const auto before = Pack<T, V>::load(grad_x + i);
      for (int v = 0; v < V; ++v) g.v[v] += before.v[v];
    }
    g.store(grad_x + i);
  }
};

}  // namespace

void run(Context& ctx, const ReluForward& args) {
  dispatch_floating(args.x.dtype(), [&]<class T>() {
    parallel_vectors(ctx, args.x.numel(), Forward<T>{args.x.data<T>(), args.y.data<T>()});
  });
}

void run(Context& ctx, const ReluBackward& args) {
  dispatch_floating(args.y.dtype(), [&]<class T>() {
    const T *y = args.y.data<T>(), *grad_y = args.grad_y.data<T>();
    T* grad_x = args.grad_x.data<T>();
    if (args.beta == 0) {
      parallel_vectors(ctx, args.y.numel(), Backward<T, false>{y, grad_y, grad_x});
    } else {
      parallel_vectors(ctx, args.y.numel(), Backward<T, true>{y, grad_y, grad_x});
    }
  });
}

}  // namespace denovo::ops
