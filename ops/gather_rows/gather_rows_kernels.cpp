#include "ops/gather_rows/gather_rows_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Forward {
  static constexpr int kVector = 16 / sizeof(T);
  const T* x;
  const int32_t* indices;
  T* y;
  int64_t slots, image_stride, channels;  // image_stride 0: x[0] serves all images
  Compute<T> empty_value;

  struct Row {
    const T* from;  // null: an empty slot
    T* to;
  };
  DENOVO_HD Row row(int64_t r) const {
    const int32_t index = indices[r];
    const T* image = x + r / slots * image_stride;
    return {index < 0 ? nullptr : image + index * channels, y + r * channels};
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    if (row.from) {
      Pack<T, V>::load(row.from + c).store(row.to + c);
    } else {
      Pack<T, V>::fill(empty_value).store(row.to + c);
    }
  }
};

template <class T>
struct Backward {
  static constexpr int kVector = 16 / sizeof(T);
  const int32_t* indices;
  const T* grad_y;
  T* grad_x;
  int64_t slots, image_stride, channels;

  struct Row {
    const T* from;
    T* to;  // null: an empty slot
  };
  DENOVO_HD Row row(int64_t r) const {
    const int32_t index = indices[r];
    T* image = grad_x + r / slots * image_stride;
    return {grad_y + r * channels, index < 0 ? nullptr : image + index * channels};
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    if (!row.to) return;
    auto sum = Pack<T, V>::load(row.to + c);
    const auto g = Pack<T, V>::load(row.from + c);
    for (int k = 0; k < V; ++k) sum.v[k] += g.v[k];
    sum.store(row.to + c);
  }
};

struct Layout {
  int64_t slots, image_stride, channels;
};
/// Of rows picked from x [images, M, ...].
Layout layout(const Shape& x, const Shape& indices) {
  int64_t channels = 1;
  for (int i = 2; i < x.rank(); ++i) channels *= x[i];
  return {indices[1], x[0] == 1 ? 0 : x[1] * channels, channels};
}

}  // namespace

void run(Context& ctx, const GatherRowsForward& args) {
  const auto [slots, stride, channels] = layout(args.x.shape(), args.indices.shape());
  dispatch_all(args.x.dtype(), [&]<class T>() {
    parallel_rows(ctx, args.indices.numel(), channels,
                  Forward<T>{args.x.data<T>(), args.indices.data<int32_t>(), args.y.data<T>(),
                             slots, stride, channels, static_cast<Compute<T>>(args.empty_value)});
  });
}

void run(Context& ctx, const GatherRowsBackward& args) {
  const auto [slots, stride, channels] = layout(args.grad_x.shape(), args.indices.shape());
  dispatch_floating(args.grad_x.dtype(), [&]<class T>() {
    parallel_rows(ctx, args.indices.numel(), channels,
                  Backward<T>{args.indices.data<int32_t>(), args.grad_y.data<T>(),
                              args.grad_x.data<T>(), slots, stride, channels});
  });
}

}  // namespace denovo::ops
