#include "core/tensor/tensor_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo {
namespace {

template <class T>
struct Fill {
  T* y;
  T value;
  DENOVO_HD void operator()(int64_t i) const { y[i] = value; }
};

/// Through the compute type of the source, so that bf16 is read as the f32 it stands for.
template <class D, class S>
struct Copy {
  D* y;
  const S* x;
  DENOVO_HD void operator()(int64_t i) const {
    y[i] = static_cast<D>(static_cast<Compute<D>>(static_cast<Compute<S>>(x[i])));
  }
};

template <class D, class S>
struct Accumulate {
  D* y;
  const S* x;
  DENOVO_HD void operator()(int64_t i) const {
    y[i] = static_cast<D>(static_cast<Compute<D>>(y[i]) +
                          static_cast<Compute<D>>(static_cast<Compute<S>>(x[i])));
  }
};

}  // namespace

void run_fill(Context& ctx, const Tensor& tensor, double value) {
  dispatch_all(tensor.dtype(), [&]<class T>() {
    parallel_for(ctx, tensor.numel(),
                 Fill<T>{tensor.data<T>(), static_cast<T>(static_cast<Compute<T>>(value))});
  });
}

void run_copy(Context& ctx, const Tensor& destination, const Tensor& source) {
  dispatch_all(destination.dtype(), [&]<class D>() {
    dispatch_all(source.dtype(), [&]<class S>() {
      parallel_for(ctx, source.numel(), Copy<D, S>{destination.data<D>(), source.data<S>()});
    });
  });
}

void run_accumulate(Context& ctx, const Tensor& destination, const Tensor& source) {
  dispatch_floating(destination.dtype(), [&]<class D>() {
    dispatch_floating(source.dtype(), [&]<class S>() {
      parallel_for(ctx, source.numel(), Accumulate<D, S>{destination.data<D>(), source.data<S>()});
    });
  });
}

}  // namespace denovo
