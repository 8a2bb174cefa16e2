#include "core/kernels/kernel.h"
#include "ops/bias/bias_kernels.h"

namespace denovo::ops {
namespace {

/// Partial sums of one slab of rows; slabs are fixed by the number of rows alone.
template <class T>
struct SumSlab {
  const T* grad_y;
  Compute<T>* partial;  // [slabs, channels]
  int64_t rows, channels, rows_per_slab;
  DENOVO_HD void operator()(int64_t slab) const {
    Compute<T>* sum = partial + slab * channels;
    for (int64_t c = 0; c < channels; ++c) sum[c] = 0;
    const int64_t end = (slab + 1) * rows_per_slab < rows ? (slab + 1) * rows_per_slab : rows;
    for (int64_t r = slab * rows_per_slab; r < end; ++r) {
      const T* g = grad_y + r * channels;
      for (int64_t c = 0; c < channels; ++c) sum[c] += static_cast<Compute<T>>(g[c]);
    }
  }
};

template <class T>
struct SumPartials {
  const Compute<T>* partial;
  T* grad_bias;
  int64_t slabs, channels;
  bool accumulate;
  DENOVO_HD void operator()(int64_t c) const {
    Compute<T> sum = accumulate ? static_cast<Compute<T>>(grad_bias[c]) : Compute<T>(0);
    for (int64_t slab = 0; slab < slabs; ++slab) sum += partial[slab * channels + c];
    grad_bias[c] = static_cast<T>(sum);
  }
};

}  // namespace

void run(CpuContext& ctx, const BiasBackward& args) {
  const int64_t channels = args.grad_y.size(-1),
                rows = channels == 0 ? 0 : args.grad_y.numel() / channels;
  constexpr int64_t kRowsPerSlab =
      256;  // f32 sums of 256 terms, then of rows / 256: error stays below 1e-6
  const int64_t slabs = (rows + kRowsPerSlab - 1) / kRowsPerSlab;
  dispatch_floating(args.grad_y.dtype(), [&]<class T>() {
    const Tensor partial =
        Tensor::empty({slabs, channels}, dtype_of<Compute<T>>, args.grad_y.device());
    parallel_for(
        ctx, slabs,
        SumSlab<T>{args.grad_y.data<T>(), partial.data<Compute<T>>(), rows, channels, kRowsPerSlab},
        kRowsPerSlab * channels);
    parallel_for(ctx, channels,
                 SumPartials<T>{partial.data<Compute<T>>(), args.grad_bias.data<T>(), slabs,
                                channels, args.beta != 0},
                 slabs);
  });
}

void run(CpuContext& ctx, const ReluBiasBackward& args) {
  run(ctx, ReluBackward{args.y, args.grad_y, args.masked, 0});
  run(ctx, BiasBackward{args.masked, args.grad_bias, args.beta});
}

}  // namespace denovo::ops
