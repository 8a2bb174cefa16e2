#include "ops/channel_affine/channel_affine_kernels.h"

#include <cmath>

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Forward {
  static constexpr int kVector = 16 / sizeof(T);
  using A = Compute<T>;
  const T* x;
  const A *scale, *shift;
  T* y;
  int64_t channels;

  DENOVO_HD int64_t row(int64_t r) const { return r * channels; }
  template <int V>
  DENOVO_HD void apply(int64_t first, int64_t c) const {
    auto value = Pack<T, V>::load(x + first + c);
    for (int k = 0; k < V; ++k) value.v[k] = scale[c + k] * value.v[k] + shift[c + k];
    value.store(y + first + c);
  }
};

template <class T, bool kAccumulate>
struct Backward {
  static constexpr int kVector = 16 / sizeof(T);
  using A = Compute<T>;
  const A* scale;
  const T* grad_y;
  T* grad_x;
  int64_t channels;

  DENOVO_HD int64_t row(int64_t r) const { return r * channels; }
  template <int V>
  DENOVO_HD void apply(int64_t first, int64_t c) const {
    auto value = Pack<T, V>::load(grad_y + first + c);
    for (int k = 0; k < V; ++k) value.v[k] *= scale[c + k];
    if constexpr (kAccumulate) {
      const auto held = Pack<T, V>::load(grad_x + first + c);
      for (int k = 0; k < V; ++k) value.v[k] += held.v[k];
    }
    value.store(grad_x + first + c);
  }
};

template <class T>
struct Fold {
  const T *weight, *bias, *mean, *variance;
  double eps;
  T *scale, *shift;

  DENOVO_HD void operator()(int64_t c) const {
    const double factor = static_cast<double>(weight[c]) / std::sqrt(variance[c] + eps);
    scale[c] = static_cast<T>(factor);
    shift[c] = static_cast<T>(bias[c] - mean[c] * factor);
  }
};

int64_t num_rows(const Tensor& x) {
  return x.numel() == 0 ? 0 : x.numel() / x.size(-1);
}

}  // namespace

void run(Context& ctx, const ChannelAffineForward& args) {
  const int64_t channels = args.x.size(-1);
  dispatch_floating(args.x.dtype(), [&]<class T>() {
    parallel_rows(ctx, num_rows(args.x), channels,
                  Forward<T>{args.x.data<T>(), args.scale.data<Compute<T>>(),
                             args.shift.data<Compute<T>>(), args.y.data<T>(), channels});
  });
}

void run(Context& ctx, const ChannelAffineBackward& args) {
  const int64_t rows = num_rows(args.grad_x), channels = args.grad_x.size(-1);
  dispatch_floating(args.grad_x.dtype(), [&]<class T>() {
    const auto* scale = args.scale.data<Compute<T>>();
    const T* grad_y = args.grad_y.data<T>();
    T* grad_x = args.grad_x.data<T>();
    if (args.beta == 0) {
      parallel_rows(ctx, rows, channels, Backward<T, false>{scale, grad_y, grad_x, channels});
    } else {
      parallel_rows(ctx, rows, channels, Backward<T, true>{scale, grad_y, grad_x, channels});
    }
  });
}

void run(Context& ctx, const FoldBatchNorm& args) {
  dispatch_f32_f64(args.weight.dtype(), [&]<class T>() {
    parallel_for(
        ctx, args.weight.numel(),
        Fold<T>{args.weight.data<T>(), args.bias.data<T>(), args.mean.data<T>(),
                args.variance.data<T>(), args.eps, args.scale.data<T>(), args.shift.data<T>()});
  });
}

}  // namespace denovo::ops
