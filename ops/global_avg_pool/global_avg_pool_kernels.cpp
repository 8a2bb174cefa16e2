#include "ops/global_avg_pool/global_avg_pool_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Forward {
  static constexpr int kVector = 16 / sizeof(T);
  const T* x;
  T* y;
  int64_t pixels, channels;
  DENOVO_HD int64_t row(int64_t n) const { return n; }
  template <int V>
  DENOVO_HD void apply(int64_t n, int64_t c) const {
    auto sum = Pack<T, V>::fill(0);
    for (int64_t p = 0; p < pixels; ++p) {
      const auto value = Pack<T, V>::load(x + (n * pixels + p) * channels + c);
      for (int i = 0; i < V; ++i) sum.v[i] += value.v[i];
    }
    for (int i = 0; i < V; ++i) sum.v[i] /= static_cast<Compute<T>>(pixels);
    sum.store(y + n * channels + c);
  }
};

template <class T, bool kAccumulate>
struct Backward {
  static constexpr int kVector = 16 / sizeof(T);
  const T* grad_y;
  T* grad_x;
  int64_t pixels, channels;
  struct Row {
    const T* grad_y;
    T* grad_x;
  };
  DENOVO_HD Row row(int64_t r) const {
    return {grad_y + r / pixels * channels, grad_x + r * channels};
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    auto g = Pack<T, V>::load(row.grad_y + c);
    for (int i = 0; i < V; ++i) g.v[i] /= static_cast<Compute<T>>(pixels);
    if constexpr (kAccumulate) {
      const auto old = Pack<T, V>::load(row.grad_x + c);
      for (int i = 0; i < V; ++i) g.v[i] += old.v[i];
    }
    g.store(row.grad_x + c);
  }
};

}  // namespace

void run(Context& ctx, const GlobalAvgPoolForward& args) {
  const int64_t channels = args.x.size(3), pixels = args.x.size(1) * args.x.size(2);
  dispatch_floating(args.x.dtype(), [&]<class T>() {
    parallel_rows(ctx, args.x.size(0), channels,
                  Forward<T>{args.x.data<T>(), args.y.data<T>(), pixels, channels});
  });
}

void run(Context& ctx, const GlobalAvgPoolBackward& args) {
  const int64_t channels = args.grad_x.size(3), pixels = args.grad_x.size(1) * args.grad_x.size(2);
  dispatch_floating(args.grad_x.dtype(), [&]<class T>() {
    const T* grad_y = args.grad_y.data<T>();
    T* grad_x = args.grad_x.data<T>();
    const int64_t rows = args.grad_x.size(0) * pixels;
    if (args.beta == 0) {
      parallel_rows(ctx, rows, channels, Backward<T, false>{grad_y, grad_x, pixels, channels});
    } else {
      parallel_rows(ctx, rows, channels, Backward<T, true>{grad_y, grad_x, pixels, channels});
    }
  });
}

}  // namespace denovo::ops
