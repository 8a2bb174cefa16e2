#include "ops/bilinear_resize/bilinear_resize_kernels.h"

#include "core/kernels/kernel.h"
#include "ops/bilinear_resize/bilinear_resize_math.h"

namespace denovo::ops {
namespace {

/// A row is one output pixel.
template <class T>
struct Forward {
  static constexpr int kVector = 16 / sizeof(T);
  using A = Compute<T>;
  const T* x;
  T* y;
  ResizeAxis<A> height, width;
  int64_t channels;

  struct Row {
    const T *p00, *p01, *p10, *p11;
    A w00, w01, w10, w11;
    T* to;
  };
  DENOVO_HD Row row(int64_t r) const {
    const int64_t line = r / width.out, n = line / height.out;
    const auto ty = height.tap(line % height.out), tx = width.tap(r % width.out);
    const T* image = x + n * height.in * width.in * channels;
    const auto at = [&](int64_t i, int64_t j) { return image + (i * width.in + j) * channels; };
    return {at(ty.i0, tx.i0), at(ty.i0, tx.i1), at(ty.i1, tx.i0), at(ty.i1, tx.i1), ty.w0 * tx.w0,
            ty.w0 * tx.w1,    ty.w1 * tx.w0,    ty.w1 * tx.w1,    y + r * channels};
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    auto value = Pack<T, V>::load(row.p00 + c);
    const auto v01 = Pack<T, V>::load(row.p01 + c), v10 = Pack<T, V>::load(row.p10 + c),
               v11 = Pack<T, V>::load(row.p11 + c);
    for (int k = 0; k < V; ++k) {
      value.v[k] =
          row.w00 * value.v[k] + row.w01 * v01.v[k] + (row.w10 * v10.v[k] + row.w11 * v11.v[k]);
    }
    value.store(row.to + c);
  }
};

/// A row is one input pixel; it gathers from the output pixels that read it.
template <class T, bool kAccumulate>
struct Backward {
  static constexpr int kVector = 16 / sizeof(T);
  using A = Compute<T>;
  const T* grad_y;
  T* grad_x;
  ResizeAxis<A> height, width;
  int64_t channels;

  struct Row {
    int64_t i, j;
    typename ResizeAxis<A>::Range lines, columns;
    const T* image;
    T* to;
  };
  DENOVO_HD Row row(int64_t r) const {
    const int64_t line = r / width.in, n = line / height.in;
    const int64_t i = line % height.in, j = r % width.in;
    return {i,
            j,
            height.readers(i),
            width.readers(j),
            grad_y + n * height.out * width.out * channels,
            grad_x + r * channels};
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    auto sum = Pack<T, V>::fill(0);
    for (int64_t i = row.lines.begin; i < row.lines.end; ++i) {
      const auto ty = height.tap(i);
      if (!ty.reads(row.i)) continue;
      for (int64_t j = row.columns.begin; j < row.columns.end; ++j) {
        const auto tx = width.tap(j);
        if (!tx.reads(row.j)) continue;
        const A weight = ty.weight(row.i) * tx.weight(row.j);
        const auto g = Pack<T, V>::load(row.image + (i * width.out + j) * channels + c);
        for (int k = 0; k < V; ++k) sum.v[k] += weight * g.v[k];
      }
    }
    if constexpr (kAccumulate) {
      const auto held = Pack<T, V>::load(row.to + c);
      for (int k = 0; k < V; ++k) sum.v[k] += held.v[k];
    }
    sum.store(row.to + c);
  }
};

}  // namespace

void run(Context& ctx, const BilinearResizeForward& args) {
  const int64_t channels = args.x.size(3);
  dispatch_floating(args.x.dtype(), [&]<class T>() {
    parallel_rows(ctx, args.y.size(0) * args.y.size(1) * args.y.size(2), channels,
                  Forward<T>{args.x.data<T>(),
                             args.y.data<T>(),
                             {args.x.size(1), args.y.size(1)},
                             {args.x.size(2), args.y.size(2)},
                             channels});
  });
}

void run(Context& ctx, const BilinearResizeBackward& args) {
  const Tensor &grad_x = args.grad_x, &grad_y = args.grad_y;
  const int64_t rows = grad_x.size(0) * grad_x.size(1) * grad_x.size(2), channels = grad_x.size(3);
  dispatch_floating(grad_x.dtype(), [&]<class T>() {
    const ResizeAxis<Compute<T>> height{grad_x.size(1), grad_y.size(1)};
    const ResizeAxis<Compute<T>> width{grad_x.size(2), grad_y.size(2)};
    const T* from = grad_y.data<T>();
    T* to = grad_x.data<T>();
    if (args.beta == 0) {
      parallel_rows(ctx, rows, channels, Backward<T, false>{from, to, height, width, channels});
    } else {
      parallel_rows(ctx, rows, channels, Backward<T, true>{from, to, height, width, channels});
    }
  });
}

}  // namespace denovo::ops
