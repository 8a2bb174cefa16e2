#include "ops/upsample_add/upsample_add_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Forward {
  static constexpr int kVector = 16 / sizeof(T);
  const T *lateral, *top;
  T* y;
  int64_t height, width, channels;

  struct Row {
    const T *lateral, *top;
    T* y;
  };
  DENOVO_HD Row row(int64_t r) const {
    const int64_t ix = r % width, iy = r / width % height, n = r / width / height;
    const int64_t top_row = (n * ((height + 1) / 2) + iy / 2) * ((width + 1) / 2) + ix / 2;
    return {lateral + r * channels, top + top_row * channels, y + r * channels};
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    auto sum = Pack<T, V>::load(row.lateral + c);
    const auto up = Pack<T, V>::load(row.top + c);
    for (int i = 0; i < V; ++i) sum.v[i] += up.v[i];
    sum.store(row.y + c);
  }
};

template <class T, bool kAccumulate>
struct Backward {
  static constexpr int kVector = 16 / sizeof(T);
  const T* grad_y;
  T* grad_top;
  int64_t height, width, channels;  // of grad_y

  struct Row {
    const T* grad[4];  // absent pixels repeat the first with weight 0
    Compute<T> weight[4];
    T* grad_top;
  };
  DENOVO_HD Row row(int64_t r) const {
    const int64_t top_width = (width + 1) / 2, top_height = (height + 1) / 2;
    const int64_t ix = r % top_width * 2, iy = r / top_width % top_height * 2,
                  n = r / top_width / top_height;
    Row out;
    out.grad_top = grad_top + r * channels;
    for (int i = 0; i < 4; ++i) {
      const int64_t y = iy + i / 2, x = ix + i % 2;
      const bool inside = y < height && x < width;
      out.grad[i] =
          grad_y + ((n * height + (inside ? y : iy)) * width + (inside ? x : ix)) * channels;
      out.weight[i] = inside ? Compute<T>(1) : Compute<T>(0);
    }
    return out;
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    auto sum = kAccumulate ? Pack<T, V>::load(row.grad_top + c) : Pack<T, V>::fill(0);
    for (int k = 0; k < 4; ++k) {
      const auto g = Pack<T, V>::load(row.grad[k] + c);
      for (int i = 0; i < V; ++i) sum.v[i] += row.weight[k] * g.v[i];
    }
    sum.store(row.grad_top + c);
  }
};

}  // namespace

void run(Context& ctx, const UpsampleAddForward& args) {
  const int64_t channels = args.y.size(3);
  dispatch_floating(args.y.dtype(), [&]<class T>() {
    parallel_rows(ctx, args.y.size(0) * args.y.size(1) * args.y.size(2), channels,
                  Forward<T>{args.lateral.data<T>(), args.top.data<T>(), args.y.data<T>(),
                             args.y.size(1), args.y.size(2), channels});
  });
}

void run(Context& ctx, const UpsampleAddBackward& args) {
  const int64_t channels = args.grad_y.size(3),
                rows = args.grad_top.size(0) * args.grad_top.size(1) * args.grad_top.size(2);
  dispatch_floating(args.grad_y.dtype(), [&]<class T>() {
    const T* grad_y = args.grad_y.data<T>();
    T* grad_top = args.grad_top.data<T>();
    if (args.beta == 0) {
      parallel_rows(
          ctx, rows, channels,
          Backward<T, false>{grad_y, grad_top, args.grad_y.size(1), args.grad_y.size(2), channels});
    } else {
      parallel_rows(
          ctx, rows, channels,
          Backward<T, true>{grad_y, grad_top, args.grad_y.size(1), args.grad_y.size(2), channels});
    }
  });
}

}  // namespace denovo::ops
