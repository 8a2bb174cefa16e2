// Slabs of rows are reduced to per-channel sums in parallel, slabs are added in f64 in order.
#include <vector>

#include "core/kernels/moments.h"
#include "core/kernels/parallel.h"
#include "core/run/profile.h"
#include "ops/batch_norm/batch_norm_kernels.h"
#include "ops/batch_norm/batch_norm_math.h"
#include "ops/normalization/normalized_row_gradients.h"

namespace denovo::ops {
namespace {

/// x [N, ..., C] as slabs of rows that do not cross a sample.
struct Slabs {
  int64_t samples, rows, channels, slab, per_sample;
  const int32_t* slots;

  Slabs(const Tensor& x, const Tensor& slot_tensor)
      : samples(x.size(0)),
        channels(x.size(-1)),
        slab(rows_per_slab(channels)),
        slots(slot_tensor.defined() ? slot_tensor.data<int32_t>() : nullptr) {
    rows = x.numel() == 0 ? 0 : x.numel() / (samples * channels);
    per_sample = (rows + slab - 1) / slab;
  }
  int64_t size() const { return samples * per_sample; }
  bool valid(int64_t i) const { return !slots || slots[i / per_sample] >= 0; }
  int64_t num_rows(int64_t i) const { return std::min(slab, rows - i % per_sample * slab); }
  int64_t element(int64_t i) const {
    return (i / per_sample * rows + i % per_sample * slab) * channels;
  }
  int64_t num_elements(int64_t i) const { return num_rows(i) * channels; }
};

/// f(slab) for every slab, in parallel when there is work for it.
template <class F>
void for_each_slab(CpuContext& ctx, const Slabs& slabs, const F& f) {
  parallel_for(ctx, slabs.size(), f, slabs.rows * slabs.channels);
}

/// total[k][c] = sum over valid slabs of partial[slab][k][c], k = 0, 1, in the order of slabs.
template <class A>
void add_slabs(CpuContext& ctx, const Slabs& slabs, const A* partial, double* total) {
  constexpr int64_t kBlock = 64;  // columns a thread walks down: whole cache lines
  const int64_t columns = 2 * slabs.channels;
  parallel_blocks(ctx, (columns + kBlock - 1) / kBlock, [&](int64_t block) {
    const int64_t begin = block * kBlock, end = std::min(columns, begin + kBlock);
    std::fill(total + begin, total + end, 0.0);
    for (int64_t i = 0; i < slabs.size(); ++i) {
      if (!slabs.valid(i)) continue;
      for (int64_t c = begin; c < end; ++c) total[c] += partial[i * columns + c];
    }
  });
}

/// The mean of every channel over the first valid slab: a shift inside the spread of the values.
template <class T, class A>
void first_slab_mean(const Slabs& slabs, const T* x, A* shift) {
  std::fill_n(shift, slabs.channels, A(0));
  for (int64_t i = 0; i < slabs.size(); ++i) {
    if (!slabs.valid(i)) continue;
    const int64_t rows = slabs.num_rows(i), channels = slabs.channels;
    const T* row = x + slabs.element(i);
    for (int64_t r = 0; r < rows; ++r, row += channels) {
      for (int64_t c = 0; c < channels; ++c) shift[c] += static_cast<A>(row[c]);
    }
    for (int64_t c = 0; c < channels; ++c) shift[c] /= static_cast<A>(rows);
    return;
  }
}

template <class T>
void moments(CpuContext& ctx, const BatchMoments& args) {
  using A = Compute<T>;
  const Slabs slabs(args.x, args.slots);
  const int64_t channels = slabs.channels;
  const T* x = args.x.data<T>();
  const Tensor shifts = Tensor::empty({channels}, dtype_of<A>);
  A* shift = shifts.data<A>();
  first_slab_mean(slabs, x, shift);
  const Tensor partial = Tensor::empty({slabs.size(), 2, channels}, dtype_of<A>);
  for_each_slab(ctx, slabs, [&](int64_t i) {
    if (!slabs.valid(i)) return;
    A* sums = partial.data<A>() + i * 2 * channels;
    shifted_sums(x + slabs.element(i), slabs.num_rows(i), channels, shift, sums, sums + channels);
  });
  const Tensor totals = Tensor::empty({2, channels}, DType::kF64);
  add_slabs(ctx, slabs, partial.data<A>(), totals.data<double>());
  int64_t count = 0;
  for (int64_t i = 0; i < slabs.size(); ++i) count += slabs.valid(i) ? slabs.num_rows(i) : 0;
  double *out = args.moments.data<double>(), *sum = totals.data<double>();
  for (int64_t c = 0; c < channels; ++c) {
    const auto m =
        Moments::from_shifted_sums(static_cast<double>(count), shift[c], sum[c], sum[channels + c]);
    out[c] = m.count;
    out[channels + c] = m.mean;
    out[2 * channels + c] = m.m2;
  }
}

/// Per-channel arrays in the compute type, kept as long as their pointers are used.
template <class A>
struct Channels {
  Tensor weight, bias, scale, slope, offset;
  const A *mean, *rstd;

  Channels(CpuContext& ctx, const Tensor& weight_in, const Tensor& bias_in, const Tensor& mean_in,
           const Tensor& rstd_in)
      : weight(weight_in.to(dtype_of<A>)),
        bias(bias_in.to(dtype_of<A>)),
        scale(weight.empty_like()),
        slope(weight.empty_like()),
        offset(weight.empty_like()),
        mean(mean_in.data<A>()),
        rstd(rstd_in.data<A>()) {
    parallel_for(ctx, weight.numel(), ChannelScale<A>{weight.data<A>(), rstd, scale.data<A>()});
  }
  RowCoefficients<A> coefficients() const {
    return {mean, scale.data<A>(), bias.data<A>(), slope.data<A>(), offset.data<A>()};
  }
};

template <class T>
void forward(CpuContext& ctx, const BatchNormForward& args) {
  using A = Compute<T>;
  const Slabs slabs(args.x, args.slots);
  const Channels<A> channels(ctx, args.weight, args.bias, args.mean, args.rstd);
  const auto coefficients = channels.coefficients();
  const T *x = args.x.data<T>(), *residual = nullptr;
  if (args.residual.defined()) residual = args.residual.data<T>();
  T* y = args.y.data<T>();
  for_each_slab(ctx, slabs, [&](int64_t i) {
    const int64_t e = slabs.element(i);
    if (!slabs.valid(i)) {
      std::fill_n(y + e, slabs.num_elements(i), static_cast<T>(A(0)));
      return;
    }
    normalize(x + e, residual ? residual + e : nullptr, y + e, slabs.num_rows(i), slabs.channels,
              coefficients, args.relu);
  });
}

/// What the two passes of backward share.
template <class T>
struct GradientInput {
  Slabs slabs;
  ReluMask mask;
  const T *x, *grad_y, *y;

  template <class Args>
  explicit GradientInput(const Args& args)
      : slabs(args.x, args.slots),
        mask(!args.relu         ? ReluMask::kNone
             : args.y.defined() ? ReluMask::kFromY
                                : ReluMask::kFromX),
        x(args.x.template data<T>()),
        grad_y(args.grad_y.template data<T>()),
        y(args.y.defined() ? args.y.template data<T>() : nullptr) {}

  GradientRows<T> rows(int64_t i) const {
    const int64_t e = slabs.element(i);
    return {x + e, grad_y + e, y ? y + e : nullptr, slabs.num_rows(i), slabs.channels};
  }
};

template <class T>
void sums(CpuContext& ctx, const BatchNormSums& args) {
  using A = Compute<T>;
  const GradientInput<T> in(args);
  const Slabs& slabs = in.slabs;
  const Channels<A> channels(ctx, args.weight, args.bias, args.mean, args.rstd);
  const auto coefficients = channels.coefficients();
  T* masked = args.masked.defined() ? args.masked.data<T>() : nullptr;
  const Tensor partial = Tensor::empty({slabs.size(), 2, slabs.channels}, dtype_of<A>);
  for_each_slab(ctx, slabs, [&](int64_t i) {
    T* out = masked ? masked + slabs.element(i) : nullptr;
    if (!slabs.valid(i)) {
      if (out) std::fill_n(out, slabs.num_elements(i), static_cast<T>(A(0)));
      return;
    }
    A* sum = partial.data<A>() + i * 2 * slabs.channels;
    gradient_sums(in.rows(i), coefficients, in.mask, sum, sum + slabs.channels, out);
  });
  add_slabs(ctx, slabs, partial.data<A>(), args.sums.data<double>());
}

template <class T>
void backward(CpuContext& ctx, const BatchNormBackward& args) {
  using A = Compute<T>;
  const GradientInput<T> in(args);
  const Slabs& slabs = in.slabs;
  const Channels<A> channels(ctx, args.weight, args.bias, args.mean, args.rstd);
  const double* moments = args.moments.defined() ? args.moments.data<double>() : nullptr;
  parallel_for(
      ctx, slabs.channels,
      StatisticsGradient<A>{channels.weight.template data<A>(), channels.rstd,
                            args.sums.data<double>(), moments, slabs.channels,
                            channels.slope.template data<A>(), channels.offset.template data<A>()});
  const auto coefficients = channels.coefficients();
  T* grad_x = args.grad_x.data<T>();
  for_each_slab(ctx, slabs, [&](int64_t i) {
    T* out = grad_x + slabs.element(i);
    if (slabs.valid(i)) {
      input_gradient(in.rows(i), coefficients, in.mask, args.beta != 0, out);
    } else if (args.beta == 0) {
      std::fill_n(out, slabs.num_elements(i), static_cast<T>(A(0)));
    }
  });
}

}  // namespace

void run(CpuContext& ctx, const BatchMoments& args) {
  const ProfileKernel profile("batch_norm", 0);
  dispatch_floating(args.x.dtype(), [&]<class T>() { moments<T>(ctx, args); });
}

void run(CpuContext& ctx, const BatchNormForward& args) {
  const ProfileKernel profile("batch_norm", 0);
  dispatch_floating(args.x.dtype(), [&]<class T>() { forward<T>(ctx, args); });
}

void run(CpuContext& ctx, const BatchNormSums& args) {
  const ProfileKernel profile("batch_norm", 0);
  dispatch_floating(args.x.dtype(), [&]<class T>() { sums<T>(ctx, args); });
}

void run(CpuContext& ctx, const BatchNormBackward& args) {
  const ProfileKernel profile("batch_norm", 0);
  dispatch_floating(args.x.dtype(), [&]<class T>() { backward<T>(ctx, args); });
}

}  // namespace denovo::ops
