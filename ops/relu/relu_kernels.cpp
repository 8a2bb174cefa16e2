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
    const auto y_in = Pack<T, V>::load(y + i), g = Pack<T, V>::load(grad_y + i);
    // Both values and one selected, so that the CPU's loop vectorises.
    const auto before = kAccumulate ? Pack<T, V>::load(grad_x + i) : Pack<T, V>::fill(0);
    Pack<T, V> out;
    for (int v = 0; v < V; ++v) {
      const bool passes = y_in.v[v] > 0;
      const Compute<T> passed = passes ? g.v[v] : Compute<T>(0), sum = before.v[v] + passed;
      out.v[v] = kAccumulate ? sum : passed;
    }
    out.store(grad_x + i);
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
