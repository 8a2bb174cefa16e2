#include "core/tensor/tensor_kernels.h"

#include <algorithm>

#include "core/kernels/common_vector.h"
#include "core/kernels/kernel.h"

namespace denovo {
namespace {

template <class D, class S>
constexpr int kVectorOf = 16 / static_cast<int>(std::min(sizeof(D), sizeof(S)));

template <class T>
struct Fill {
  static constexpr int kVector = kVectorOf<T, T>;
  T* y;
  T value;
  int vector() const { return common_vector(kVector, 0, y); }
  template <int V>
  DENOVO_HD void apply(int64_t i) const {
    Pack<T, V>::fill(static_cast<Compute<T>>(value)).store(y + i);
  }
};

/// Between types: through the compute type of the source, so that bf16 is read as the f32 it stands
/// for.
template <class D, class S, bool kAccumulate>
struct Convert {
  static constexpr int kVector = kVectorOf<D, S>;
  D* y;
  const S* x;
  int vector() const { return common_vector(kVector, 0, y, x); }
  template <int V>
  DENOVO_HD void apply(int64_t i) const {
    const auto in = Pack<S, V>::load(x + i);
    Pack<D, V> out;
    if constexpr (kAccumulate) out = Pack<D, V>::load(y + i);
    for (int v = 0; v < V; ++v) {
      const auto value = static_cast<Compute<D>>(in.v[v]);
      out.v[v] = kAccumulate ? out.v[v] + value : value;
    }
    out.store(y + i);
  }
};

template <class D, class S>
struct ConvertOne {
  D* y;
  const S* x;
  DENOVO_HD void operator()(int64_t i) const {
    y[i] = static_cast<D>(static_cast<Compute<D>>(static_cast<Compute<S>>(x[i])));
  }
};

/// Bits of one type, as words of its size.
template <class Word>
void copy_words(Context& ctx, const Tensor& destination, const Tensor& source) {
  parallel_vectors(ctx, source.numel(),
                   Convert<Word, Word, false>{reinterpret_cast<Word*>(destination.raw()),
                                              reinterpret_cast<const Word*>(source.raw())});
}

void copy_bits(Context& ctx, const Tensor& destination, const Tensor& source) {
  switch (size_of(source.dtype())) {
    case 1:
      return copy_words<uint8_t>(ctx, destination, source);
    case 2:
      return copy_words<uint16_t>(ctx, destination, source);
    case 4:
      return copy_words<uint32_t>(ctx, destination, source);
    default:
      return copy_words<uint64_t>(ctx, destination, source);
  }
}

}  // namespace

void run_fill(Context& ctx, const Tensor& tensor, double value) {
  dispatch_all(tensor.dtype(), [&]<class T>() {
    parallel_vectors(ctx, tensor.numel(),
                     Fill<T>{tensor.data<T>(), static_cast<T>(static_cast<Compute<T>>(value))});
  });
}

void run_copy(Context& ctx, const Tensor& destination, const Tensor& source) {
  if (destination.dtype() == source.dtype()) return copy_bits(ctx, destination, source);
  if (is_floating(destination.dtype()) && is_floating(source.dtype())) {
    return dispatch_floating(destination.dtype(), [&]<class D>() {
      dispatch_floating(source.dtype(), [&]<class S>() {
        parallel_vectors(ctx, source.numel(),
                         Convert<D, S, false>{destination.data<D>(), source.data<S>()});
      });
    });
  }
  dispatch_all(destination.dtype(), [&]<class D>() {
    dispatch_all(source.dtype(), [&]<class S>() {
      parallel_for(ctx, source.numel(), ConvertOne<D, S>{destination.data<D>(), source.data<S>()});
    });
  });
}

void run_accumulate(Context& ctx, const Tensor& destination, const Tensor& source) {
  dispatch_floating(destination.dtype(), [&]<class D>() {
    dispatch_floating(source.dtype(), [&]<class S>() {
      parallel_vectors(ctx, source.numel(),
                       Convert<D, S, true>{destination.data<D>(), source.data<S>()});
    });
  });
}

}  // namespace denovo
