#include "ops/adaptive_avg_pool/adaptive_avg_pool_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

/// One axis: `size` pixels in `bins` bins.
struct Axis {
  int64_t size, bins;

  DENOVO_HD int64_t begin(int64_t bin) const { return bin * size / bins; }
  DENOVO_HD int64_t end(int64_t bin) const { return ((bin + 1) * size + bins - 1) / bins; }
  DENOVO_HD int64_t length(int64_t bin) const { return end(bin) - begin(bin); }
  /// The first bin that a pixel lies in, end(bin) > pixel, and the last, begin(bin) <= pixel.
  DENOVO_HD int64_t first(int64_t pixel) const { return pixel * bins / size; }
  DENOVO_HD int64_t last(int64_t pixel) const { return ((pixel + 1) * bins - 1) / size; }
};

template <class T>
struct Forward {
  static constexpr int kVector = 16 / sizeof(T);
  const T* x;
  T* y;
  Axis rows, columns;
  int64_t channels;
  struct Row {
    const T* image;
    T* y;
    int64_t top, bottom, left, right;
  };
  DENOVO_HD Row row(int64_t r) const {
    const int64_t j = r % columns.bins, i = r / columns.bins % rows.bins,
                  n = r / columns.bins / rows.bins;
    return {x + n * rows.size * columns.size * channels,
            y + r * channels,
            rows.begin(i),
            rows.end(i),
            columns.begin(j),
            columns.end(j)};
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    auto sum = Pack<T, V>::fill(0);
    for (int64_t iy = row.top; iy < row.bottom; ++iy) {
      for (int64_t ix = row.left; ix < row.right; ++ix) {
        const auto value = Pack<T, V>::load(row.image + (iy * columns.size + ix) * channels + c);
        for (int i = 0; i < V; ++i) sum.v[i] += value.v[i];
      }
    }
    const int64_t pixels = (row.bottom - row.top) * (row.right - row.left);
    for (int i = 0; i < V; ++i) sum.v[i] /= static_cast<Compute<T>>(pixels);
    sum.store(row.y + c);
  }
};

template <class T, bool kAccumulate>
struct Backward {
  static constexpr int kVector = 16 / sizeof(T);
  const T* grad_y;
  T* grad_x;
  Axis rows, columns;
  int64_t channels;
  struct Row {
    const T* grad_y;  // of the image
    T* grad_x;
    int64_t top, bottom, left, right;  // bins, the last included
  };
  DENOVO_HD Row row(int64_t r) const {
    const int64_t ix = r % columns.size, iy = r / columns.size % rows.size,
                  n = r / columns.size / rows.size;
    return {grad_y + n * rows.bins * columns.bins * channels,
            grad_x + r * channels,
            rows.first(iy),
            rows.last(iy),
            columns.first(ix),
            columns.last(ix)};
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    auto sum = Pack<T, V>::fill(0);
    for (int64_t i = row.top; i <= row.bottom; ++i) {
      for (int64_t j = row.left; j <= row.right; ++j) {
        const auto g = Pack<T, V>::load(row.grad_y + (i * columns.bins + j) * channels + c);
        const auto pixels = static_cast<Compute<T>>(rows.length(i) * columns.length(j));
        for (int k = 0; k < V; ++k) sum.v[k] += g.v[k] / pixels;
      }
    }
    if constexpr (kAccumulate) {
      const auto old = Pack<T, V>::load(row.grad_x + c);
      for (int k = 0; k < V; ++k) sum.v[k] += old.v[k];
    }
    sum.store(row.grad_x + c);
  }
};

}  // namespace

void run(Context& ctx, const AdaptiveAvgPoolForward& args) {
  const Tensor &x = args.x, &y = args.y;
  const Axis rows{x.size(1), y.size(1)}, columns{x.size(2), y.size(2)};
  dispatch_floating(x.dtype(), [&]<class T>() {
    parallel_rows(ctx, y.size(0) * y.size(1) * y.size(2), y.size(3),
                  Forward<T>{x.data<T>(), y.data<T>(), rows, columns, y.size(3)});
  });
}

void run(Context& ctx, const AdaptiveAvgPoolBackward& args) {
  const Tensor &x = args.grad_x, &y = args.grad_y;
  const Axis rows{x.size(1), y.size(1)}, columns{x.size(2), y.size(2)};
  const int64_t pixels = x.size(0) * x.size(1) * x.size(2), channels = x.size(3);
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T* grad_y = y.data<T>();
    T* grad_x = x.data<T>();
    if (args.beta == 0) {
      parallel_rows(ctx, pixels, channels,
                    Backward<T, false>{grad_y, grad_x, rows, columns, channels});
    } else {
      parallel_rows(ctx, pixels, channels,
                    Backward<T, true>{grad_y, grad_x, rows, columns, channels});
    }
  });
}

}  // namespace denovo::ops
