#include "ops/bias/bias_kernels.h"

#include "core/kernels/kernel.h"

namespace denovo::ops {
namespace {

template <class T, bool kBias, bool kRelu>
struct AddBiasRows {
  static constexpr int kVector = 16 / sizeof(T);
  T* y;
  const T* bias;
  int64_t channels;
  DENOVO_HD T* row(int64_t r) const { return y + r * channels; }
  template <int V>
  DENOVO_HD void apply(T* row, int64_t c) const {
    auto value = Pack<T, V>::load(row + c);
    if constexpr (kBias) {
      const auto b = Pack<T, V>::load(bias + c);
      for (int i = 0; i < V; ++i) value.v[i] += b.v[i];
    }
    if constexpr (kRelu) {
      for (int i = 0; i < V; ++i) value.v[i] = value.v[i] < 0 ? Compute<T>(0) : value.v[i];
    }
    value.store(row + c);
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
      parallel_rows(ctx, rows, channels, AddBiasRows<T, true, true>{y, bias, channels});
    } else if (bias) {
      parallel_rows(ctx, rows, channels, AddBiasRows<T, true, false>{y, bias, channels});
    } else {
      parallel_rows(ctx, rows, channels, AddBiasRows<T, false, true>{y, bias, channels});
    }
  });
}

}  // namespace denovo::ops
