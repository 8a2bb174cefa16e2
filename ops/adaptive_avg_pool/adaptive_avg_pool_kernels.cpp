#include "ops/adaptive_avg_pool/adaptive_avg_pool_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

/// One axis: `size` pixels in `bins` bins. In 32 bits, whose divisions a GPU does in registers; the
/// op has checked that size * bins fits.
struct Axis {
  int size, bins;

  DENOVO_HD int begin(int bin) const { return bin * size / bins; }
  DENOVO_HD int end(int bin) const { return ((bin + 1) * size + bins - 1) / bins; }
  DENOVO_HD int length(int bin) const { return end(bin) - begin(bin); }
  /// The first bin that a pixel lies in, end(bin) > pixel, and the last, begin(bin) <= pixel.
  DENOVO_HD int first(int pixel) const { return pixel * bins / size; }
  DENOVO_HD int last(int pixel) const { return ((pixel + 1) * bins - 1) / size; }
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
    int top, bottom, left, right;
  };
  DENOVO_HD Row row(int64_t r) const {
    const int j = static_cast<int>(r % columns.bins);
    const int i = static_cast<int>(r / columns.bins % rows.bins);
    const int64_t n = r / columns.bins / rows.bins;
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
    for (int iy = row.top; iy < row.bottom; ++iy) {
      for (int ix = row.left; ix < row.right; ++ix) {
        const auto value =
            Pack<T, V>::load(row.image + (int64_t{iy} * columns.size + ix) * channels + c);
        for (int i = 0; i < V; ++i) sum.v[i] += value.v[i];
      }
    }
    const int64_t pixels = int64_t{row.bottom - row.top} * (row.right - row.left);
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
    int top, bottom, left, right;  // bins, the last included
  };
  DENOVO_HD Row row(int64_t r) const {
    const int ix = static_cast<int>(r % columns.size);
    const int iy = static_cast<int>(r / columns.size % rows.size);
    const int64_t n = r / columns.size / rows.size;
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
    for (int i = row.top; i <= row.bottom; ++i) {
      const int height = rows.length(i);
      for (int j = row.left; j <= row.right; ++j) {
        const auto g =
            Pack<T, V>::load(row.grad_y + (int64_t{i} * columns.bins + j) * channels + c);
        const auto pixels = static_cast<Compute<T>>(int64_t{height} * columns.length(j));
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

Axis axis(const Tensor& x, const Tensor& y, int dimension) {
  return {static_cast<int>(x.size(dimension)), static_cast<int>(y.size(dimension))};
}

}  // namespace

void run(Context& ctx, const AdaptiveAvgPoolForward& args) {
  const Tensor &x = args.x, &y = args.y;
  const Axis rows = axis(x, y, 1), columns = axis(x, y, 2);
  dispatch_floating(x.dtype(), [&]<class T>() {
    parallel_rows(ctx, y.size(0) * y.size(1) * y.size(2), y.size(3),
                  Forward<T>{x.data<T>(), y.data<T>(), rows, columns, y.size(3)});
  });
}

void run(Context& ctx, const AdaptiveAvgPoolBackward& args) {
  const Tensor &x = args.grad_x, &y = args.grad_y;
  const Axis rows = axis(x, y, 1), columns = axis(x, y, 2);
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
