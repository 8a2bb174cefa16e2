// The launches of the block kernels on the backend that core/kernels/kernel.h picks: the GPU's run,
// and on the CPU the test of the same phases.
#pragma once

#include "core/kernels/chunked_sum_blocks.h"
#include "ops/sum/sum_kernels.h"

namespace denovo::ops::sum_blocks {

template <class T>
struct Element {
  const T* x;
  DENOVO_HD double operator()(int64_t i) const { return x[i]; }
};

template <class T>
struct StoreSum {
  T* y;
  DENOVO_HD void operator()(double sum) const { *y = static_cast<T>(sum); }
};

inline void run(Context& ctx, const SumForward& args) {
  dispatch_f32_f64(args.x.dtype(), [&]<class T>() {
    chunked_sum_blocks(ctx, args.x.device(), args.x.numel(), Element<T>{args.x.data<T>()},
                       StoreSum<T>{args.y.data<T>()});
  });
}

}  // namespace denovo::ops::sum_blocks
