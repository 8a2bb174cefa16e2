#include "ops/normalize_image/normalize_image_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Normalize {
  const uint8_t* pixels;
  const int32_t* sizes;
  T* y;
  int64_t height, width;
  Compute<T> mean[3], std[3];
  bool bgr;

  DENOVO_HD void operator()(int64_t i) const {
    const int64_t ix = i % width, iy = i / width % height, n = i / width / height;
    const bool valid = iy < sizes[2 * n] && ix < sizes[2 * n + 1];
    for (int c = 0; c < 3; ++c) {
      const Compute<T> value = pixels[3 * i + (bgr ? 2 - c : c)];
      y[3 * i + c] = static_cast<T>(valid ? (value - mean[c]) / std[c] : Compute<T>(0));
    }
  }
};

}  // namespace

void run(Context& ctx, const NormalizeImage& args) {
  dispatch_floating(args.y.dtype(), [&]<class T>() {
    Normalize<T> f{args.pixels.data<uint8_t>(),
                   args.sizes.data<int32_t>(),
                   args.y.data<T>(),
                   args.y.size(1),
                   args.y.size(2),
                   {},
                   {},
                   args.options.bgr};
    for (size_t c = 0; c < 3; ++c) {
      f.mean[c] = static_cast<Compute<T>>(args.options.mean[c]);
      f.std[c] = static_cast<Compute<T>>(args.options.std[c]);
    }
    parallel_for(ctx, args.y.numel() / 3, f);
  });
}

}  // namespace denovo::ops
