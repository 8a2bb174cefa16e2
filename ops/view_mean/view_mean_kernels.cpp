#include "ops/view_mean/view_mean_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T>
struct Add {
  const T* maps;
  const int32_t* mirror;
  int64_t width, channels;
  bool mirrored, is_first;
  T divisor;
  T* sum;

  DENOVO_HD void operator()(int64_t i) const {
    int64_t from = i;
    if (mirrored) {
      const int64_t pixel = i / channels, row = pixel / width;
      int64_t c = i - pixel * channels;
      if (mirror) c = mirror[c];
      from = (row * width + width - 1 - (pixel - row * width)) * channels + c;
    }
    sum[i] = (is_first ? maps[from] : sum[i] + maps[from]) / divisor;
  }
};

}  // namespace

void run(Context& ctx, const AddView& args) {
  dispatch_f32_f64(args.maps.dtype(), [&]<class T>() {
    const int64_t channels = args.maps.rank() == 4 ? args.maps.size(3) : 1;
    parallel_for(
        ctx, args.maps.numel(),
        Add<T>{args.maps.data<T>(), args.mirror.defined() ? args.mirror.data<int32_t>() : nullptr,
               args.maps.size(2), channels, args.mirrored, args.is_first,
               static_cast<T>(args.divisor), args.sum.data<T>()});
  });
}

}  // namespace denovo::ops
