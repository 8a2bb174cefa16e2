#include "ops/bias/bias_kernels.h"

#include "core/kernels/slab_maps.h"

namespace denovo::ops {
namespace {

template <class T, bool kBias, bool kRelu>
struct AddBiasRows {
  static constexpr int kVector = 16 / sizeof(T), kBatch = 2;
  T* y;
  const T* bias;

  template <int V, class I>
  DENOVO_HD Pack<T, V> keep(I /*n*/, I c) const {
    if constexpr (kBias) return Pack<T, V>::load(bias + c);
    return Pack<T, V>::fill(0);
  }
  template <int V, class I>
  DENOVO_HD auto load(I i) const {
    return Pack<T, V>::load(y + i);
  }
  template <int V, class I>
  DENOVO_HD void apply(const Pack<T, V>& b, Pack<T, V> value, I i) const {
    if constexpr (kBias) {
      for (int v = 0; v < V; ++v) value.v[v] += b.v[v];
    }
    value.template store<kRelu>(y + i);
  }
};

}  // namespace

void run(Context& ctx, const AddBias& args) {
  if (!args.bias.defined() && !args.relu) return;
  const int64_t channels = args.y.size(-1), rows = channels == 0 ? 0 : args.y.numel() / channels;
  dispatch_floating(args.y.dtype(), [&]<class T>() {
    T* y = args.y.data<T>();
    const T* bias = args.bias.defined() ? args.bias.data<T>() : nullptr;
    if (bias && args.relu) {
      map_slabs(ctx, 1, rows, channels, AddBiasRows<T, true, true>{y, bias});
    } else if (bias) {
      map_slabs(ctx, 1, rows, channels, AddBiasRows<T, true, false>{y, bias});
    } else {
      map_slabs(ctx, 1, rows, channels, AddBiasRows<T, false, true>{y, bias});
    }
  });
}

}  // namespace denovo::ops
