#include "ops/channel_affine/channel_affine_kernels.h"

#include <cmath>

#include "core/kernels/multiply_add.h"
#include "core/kernels/slab_maps.h"

namespace denovo::ops {
namespace {

template <class T>
struct Forward {
  static constexpr int kVector = 16 / sizeof(T), kBatch = 2;
  using A = Compute<T>;
  const T* x;
  const A *scale, *shift;
  T* y;

  template <int V>
  struct Kept {
    Pack<A, V> scale, shift;
  };
  template <int V, class I>
  DENOVO_HD Kept<V> keep(I /*n*/, I c) const {
    return {Pack<A, V>::load(scale + c), Pack<A, V>::load(shift + c)};
  }
  template <int V, class I>
  DENOVO_HD auto load(I i) const {
    return Pack<T, V>::load(x + i);
  }
  template <int V, class I>
  DENOVO_HD void apply(const Kept<V>& k, Pack<T, V> value, I i) const {
    for (int v = 0; v < V; ++v) value.v[v] = multiply_add(k.scale.v[v], value.v[v], k.shift.v[v]);
    value.store(y + i);
  }
};

template <class T, bool kAccumulate>
struct Backward {
  static constexpr int kVector = 16 / sizeof(T), kBatch = 2;
  using A = Compute<T>;
  const A* scale;
  const T* grad_y;
  T* grad_x;

  template <int V>
  struct In {
    Pack<T, V> g, before;
  };
  template <int V, class I>
  DENOVO_HD auto keep(I /*n*/, I c) const {
    return Pack<A, V>::load(scale + c);
  }
  template <int V, class I>
  DENOVO_HD In<V> load(I i) const {
    In<V> in;
    in.g = Pack<T, V>::load(grad_y + i);
    if constexpr (kAccumulate) in.before = Pack<T, V>::load(grad_x + i);
    return in;
  }
  template <int V, class I>
  DENOVO_HD void apply(const Pack<A, V>& k, const In<V>& in, I i) const {
    Pack<T, V> out;
    for (int v = 0; v < V; ++v) {
      out.v[v] = kAccumulate ? multiply_add(k.v[v], in.g.v[v], in.before.v[v]) : k.v[v] * in.g.v[v];
    }
    out.store(grad_x + i);
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
    map_slabs(ctx, 1, num_rows(args.x), channels,
              Forward<T>{args.x.data<T>(), args.scale.data<Compute<T>>(),
                         args.shift.data<Compute<T>>(), args.y.data<T>()});
  });
}

void run(Context& ctx, const ChannelAffineBackward& args) {
  const int64_t rows = num_rows(args.grad_x), channels = args.grad_x.size(-1);
  dispatch_floating(args.grad_x.dtype(), [&]<class T>() {
    const auto* scale = args.scale.data<Compute<T>>();
    const T* grad_y = args.grad_y.data<T>();
    T* grad_x = args.grad_x.data<T>();
    if (args.beta == 0) {
      map_slabs(ctx, 1, rows, channels, Backward<T, false>{scale, grad_y, grad_x});
    } else {
      map_slabs(ctx, 1, rows, channels, Backward<T, true>{scale, grad_y, grad_x});
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
