#include "ops/max_pool2d/max_pool2d_kernels.h"

#include <algorithm>
#include <limits>

#include "core/kernels/divisor.h"
#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

/// Kernel, stride and padding: known to the compiler for the windows that networks use, else
/// (kKernelSize = 0) from the options.
template <int kKernelSize, int kStrideOf, int kPaddingOf>
struct WindowSizes {
  int any_kernel, any_stride, any_padding;
  explicit WindowSizes(const MaxPool2dOptions& o)
      : any_kernel(o.kernel), any_stride(o.stride), any_padding(o.padding) {}
  DENOVO_HD int kernel() const { return kKernelSize ? kKernelSize : any_kernel; }
  DENOVO_HD int stride() const { return kKernelSize ? kStrideOf : any_stride; }
  DENOVO_HD int padding() const { return kKernelSize ? kPaddingOf : any_padding; }
};

struct Sizes {
  int height, width, out_height, out_width, channels;
  Divisor rows, row_size;  // of what a row of the functor stands in

  Sizes(const Tensor& x, const Tensor& y, const Tensor& walked)
      : height(static_cast<int>(x.size(1))),
        width(static_cast<int>(x.size(2))),
        out_height(static_cast<int>(y.size(1))),
        out_width(static_cast<int>(y.size(2))),
        channels(static_cast<int>(x.size(3))),
        rows(std::max<int64_t>(walked.size(1), 1)),
        row_size(std::max<int64_t>(walked.size(2), 1)) {}
};

template <class T, class Window>
struct Forward {
  static constexpr int kVector = 16 / sizeof(T), kHostVector = 64 / sizeof(Compute<T>);
  const T* x;
  T* y;
  uint8_t* winner;
  Sizes sizes;
  Window window;

  struct Row {
    const T* image;
    int top, left;
    int64_t out;
  };
  DENOVO_HD Row row(int64_t r) const {
    auto ox = static_cast<uint32_t>(r), oy = sizes.row_size.divide(ox);
    const int64_t n = sizes.rows.divide(oy);
    return {x + n * sizes.height * sizes.width * sizes.channels,
            static_cast<int>(oy) * window.stride() - window.padding(),
            static_cast<int>(ox) * window.stride() - window.padding(), r * sizes.channels};
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    // What is found first is never below this, and keeps the first position where it is equal.
    auto best = Pack<T, V>::fill(-std::numeric_limits<Compute<T>>::infinity());
    auto position = Pack<int, V>::fill(start(row.top) * window.kernel() + start(row.left));
    for (int ky = 0; ky < window.kernel(); ++ky) {
      const int iy = row.top + ky;
      if (iy < 0 || iy >= sizes.height) continue;
      const T* line = row.image + int64_t{iy} * sizes.width * sizes.channels + c;
      for (int kx = 0; kx < window.kernel(); ++kx) {
        const int ix = row.left + kx;
        if (ix < 0 || ix >= sizes.width) continue;
        const auto value = Pack<T, V>::load(line + ix * sizes.channels);
        const int here = ky * window.kernel() + kx;
        DENOVO_SIMD
        for (int v = 0; v < V; ++v) {
          // "not <=": NaN replaces a number and is never replaced by one.
          const bool wins = !(value.v[v] <= best.v[v]) & (best.v[v] == best.v[v]);
          best.v[v] = wins ? value.v[v] : best.v[v];
          position.v[v] = wins ? here : position.v[v];
        }
      }
    }
    Pack<uint8_t, V> won;
    for (int v = 0; v < V; ++v) won.v[v] = static_cast<uint8_t>(position.v[v]);
    best.store(y + row.out + c);
    won.store(winner + row.out + c);
  }

 private:
  /// Of the window's lines and columns the first in the image.
  DENOVO_HD static int start(int first) { return first < 0 ? -first : 0; }
};

template <class T, class Window, bool kAccumulate>
struct Backward {
  static constexpr int kVector = 16 / sizeof(T), kHostVector = 64 / sizeof(Compute<T>);
  const T* grad_y;
  const uint8_t* winner;
  T* grad_x;
  Sizes sizes;
  Window window;

  struct Row {
    int first_y, last_y, first_x, last_x, iy, ix;
    int64_t image, out;
  };
  DENOVO_HD Row row(int64_t r) const {
    auto x = static_cast<uint32_t>(r), y = sizes.row_size.divide(x);
    const int64_t n = sizes.rows.divide(y);
    const int ix = static_cast<int>(x) + window.padding(),
              iy = static_cast<int>(y) + window.padding();
    const int last_y = iy / window.stride(), last_x = ix / window.stride();
    return {first(iy),
            last_y < sizes.out_height ? last_y : sizes.out_height - 1,
            first(ix),
            last_x < sizes.out_width ? last_x : sizes.out_width - 1,
            iy,
            ix,
            n * sizes.out_height * sizes.out_width * sizes.channels,
            r * sizes.channels};
  }
  /// The first window that covers the pixel.
  DENOVO_HD int first(int i) const {
    return i < window.kernel() ? 0 : (i - window.kernel()) / window.stride() + 1;
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    Pack<T, V> sum;
    if constexpr (kAccumulate) {
      sum = Pack<T, V>::load(grad_x + row.out + c);
    } else {
      sum = Pack<T, V>::fill(0);
    }
    for (int oy = row.first_y; oy <= row.last_y; ++oy) {
      for (int ox = row.first_x; ox <= row.last_x; ++ox) {
        const int at = (oy * sizes.out_width + ox) * sizes.channels;
        const int position =
            (row.iy - oy * window.stride()) * window.kernel() + row.ix - ox * window.stride();
        const auto won = Pack<uint8_t, V>::load(winner + row.image + c + at);
        const auto g = Pack<T, V>::load(grad_y + row.image + c + at);
        DENOVO_SIMD
        for (int v = 0; v < V; ++v) sum.v[v] += won.v[v] == position ? g.v[v] : Compute<T>(0);
      }
    }
    sum.store(grad_x + row.out + c);
  }
};

/// f<Window>() for the window of the options.
template <class F>
void dispatch_window(const MaxPool2dOptions& o, const F& f) {
  const auto is = [&](int kernel, int stride, int padding) {
    return o.kernel == kernel && o.stride == stride && o.padding == padding;
  };
  if (is(3, 2, 1)) return f.template operator()<WindowSizes<3, 2, 1>>();  // the stem of a ResNet
  if (is(2, 2, 0)) return f.template operator()<WindowSizes<2, 2, 0>>();  // VGG
  f.template operator()<WindowSizes<0, 0, 0>>();
}

/// Rows are counted in 32 bits, and an image's elements.
void check_sizes(const Tensor& tensor) {
  const int64_t channels = std::max<int64_t>(tensor.size(3), 1),
                images = std::max<int64_t>(tensor.size(0), 1), most = int64_t{1} << 31;
  if (tensor.numel() / channels >= most || tensor.numel() / images >= most) {
    throw ShapeError("max_pool2d: needs fewer than 2^31 pixels, and elements of an image, got " +
                     to_string(tensor.shape()));
  }
}

}  // namespace

void run(Context& ctx, const MaxPool2dForward& args) {
  check_sizes(args.x);
  dispatch_floating(args.x.dtype(), [&]<class T>() {
    dispatch_window(args.options, [&]<class Window>() {
      parallel_rows(
          ctx, args.y.size(0) * args.y.size(1) * args.y.size(2), args.x.size(3),
          Forward<T, Window>{args.x.data<T>(), args.y.data<T>(), args.winner.data<uint8_t>(),
                             Sizes(args.x, args.y, args.y), Window(args.options)});
    });
  });
}

void run(Context& ctx, const MaxPool2dBackward& args) {
  check_sizes(args.grad_x);
  const Tensor &x = args.grad_x, &y = args.grad_y;
  dispatch_floating(x.dtype(), [&]<class T>() {
    dispatch_window(args.options, [&]<class Window>() {
      const auto launch = [&]<bool kAccumulate>() {
        parallel_rows(
            ctx, x.size(0) * x.size(1) * x.size(2), x.size(3),
            Backward<T, Window, kAccumulate>{y.data<T>(), args.winner.data<uint8_t>(), x.data<T>(),
                                             Sizes(x, y, x), Window(args.options)});
      };
      args.beta == 0 ? launch.template operator()<false>() : launch.template operator()<true>();
    });
  });
}

}  // namespace denovo::ops
