#include "ops/max_pool2d/max_pool2d_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Forward {
  static constexpr int kVector = 1;  // the position of the maximum is a byte per channel
  const T* x;
  T* y;
  uint8_t* winner;
  int64_t height, width, out_height, out_width, channels;
  int kernel, stride, padding;

  struct Row {
    const T* image;
    int64_t top, left, out;
  };
  DENOVO_HD Row row(int64_t r) const {
    const int64_t ox = r % out_width, oy = r / out_width % out_height,
                  n = r / out_width / out_height;
    return {x + n * height * width * channels, oy * stride - padding, ox * stride - padding,
            r * channels};
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    Compute<T> best = 0;
    int position = -1;
    for (int ky = 0; ky < kernel; ++ky) {
      const int64_t iy = row.top + ky;
      if (iy < 0 || iy >= height) continue;
      for (int kx = 0; kx < kernel; ++kx) {
        const int64_t ix = row.left + kx;
        if (ix < 0 || ix >= width) continue;
        const Compute<T> value = row.image[(iy * width + ix) * channels + c];
        // "not <=": NaN replaces a number and is never replaced by one.
        const bool wins = position < 0 || (!(value <= best) && best == best);
        best = wins ? value : best;
        position = wins ? ky * kernel + kx : position;
      }
    }
    y[row.out + c] = static_cast<T>(best);
    winner[row.out + c] = static_cast<uint8_t>(position);
  }
};

template <class T, bool kAccumulate>
struct Backward {
  static constexpr int kVector = 1;
  const T* grad_y;
  const uint8_t* winner;
  T* grad_x;
  int64_t height, width, out_height, out_width, channels;
  int kernel, stride, padding;

  struct Row {
    int64_t first_y, last_y, first_x, last_x, iy, ix, image, out;
  };
  DENOVO_HD Row row(int64_t r) const {
    const int64_t ix = r % width + padding, iy = r / width % height + padding,
                  n = r / width / height;
    const auto first = [this](int64_t i) { return i < kernel ? 0 : (i - kernel) / stride + 1; };
    const int64_t last_y = iy / stride < out_height ? iy / stride : out_height - 1;
    const int64_t last_x = ix / stride < out_width ? ix / stride : out_width - 1;
    return {first(iy), last_y, first(ix), last_x, iy, ix, n * out_height * out_width, r * channels};
  }
  template <int V>
  DENOVO_HD void apply(const Row& row, int64_t c) const {
    Compute<T> sum = kAccumulate ? static_cast<Compute<T>>(grad_x[row.out + c]) : Compute<T>(0);
    for (int64_t oy = row.first_y; oy <= row.last_y; ++oy) {
      for (int64_t ox = row.first_x; ox <= row.last_x; ++ox) {
        const int64_t at = (row.image + oy * out_width + ox) * channels + c;
        const auto position =
            static_cast<uint8_t>((row.iy - oy * stride) * kernel + row.ix - ox * stride);
        sum += winner[at] == position ? static_cast<Compute<T>>(grad_y[at]) : Compute<T>(0);
      }
    }
    grad_x[row.out + c] = static_cast<T>(sum);
  }
};

}  // namespace

void run(Context& ctx, const MaxPool2dForward& args) {
  const MaxPool2dOptions& o = args.options;
  const int64_t channels = args.x.size(3);
  dispatch_floating(args.x.dtype(), [&]<class T>() {
    parallel_rows(ctx, args.y.size(0) * args.y.size(1) * args.y.size(2), channels,
                  Forward<T>{args.x.data<T>(), args.y.data<T>(), args.winner.data<uint8_t>(),
                             args.x.size(1), args.x.size(2), args.y.size(1), args.y.size(2),
                             channels, o.kernel, o.stride, o.padding});
  });
}

void run(Context& ctx, const MaxPool2dBackward& args) {
  const MaxPool2dOptions& o = args.options;
  const int64_t channels = args.grad_x.size(3),
                rows = args.grad_x.size(0) * args.grad_x.size(1) * args.grad_x.size(2);
  dispatch_floating(args.grad_x.dtype(), [&]<class T>() {
    const auto launch = [&]<bool kAccumulate>() {
      parallel_rows(ctx, rows, channels,
                    Backward<T, kAccumulate>{
                        args.grad_y.data<T>(), args.winner.data<uint8_t>(), args.grad_x.data<T>(),
                        args.grad_x.size(1), args.grad_x.size(2), args.grad_y.size(1),
                        args.grad_y.size(2), channels, o.kernel, o.stride, o.padding});
    };
    args.beta == 0 ? launch.template operator()<false>() : launch.template operator()<true>();
  });
}

}  // namespace denovo::ops
