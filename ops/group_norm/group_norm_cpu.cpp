// Two passes over memory: slabs of rows are reduced to partial sums, then every element is mapped.
// With many samples (RoI heads) a thread takes whole samples, which stay in its cache between the
// passes; with few, the threads share the slabs of one sample after the other.
#include <omp.h>

#include <vector>

#include "core/kernels/moments.h"
#include "core/kernels/parallel.h"
#include "core/run/profile.h"
#include "ops/group_norm/group_norm_kernels.h"
#include "ops/normalization/normalized_row_gradients.h"

namespace denovo::ops {
namespace {

/// How a tensor [N, rows, C] is cut. A slot is the workspace of one sample in flight.
struct Partition {
  int64_t samples, rows, channels, groups, slab, num_slabs;
  int threads;
  bool by_sample;

  Partition(const CpuContext& ctx, const Tensor& x, int num_groups)
      : samples(x.size(0)),
        channels(x.size(-1)),
        groups(num_groups),
        slab(rows_per_slab(channels)) {
    rows = samples == 0 ? 0 : x.numel() / (samples * channels);
    num_slabs = (rows + slab - 1) / slab;
    threads = x.numel() < kSerialGrain ? 1 : ctx.num_threads();
    by_sample = num_slabs <= 1 || samples >= 4 * threads;
  }
  int64_t num_slots() const { return by_sample ? threads : 1; }
  int64_t group_size() const { return channels / groups; }
  int64_t num_rows(int64_t s) const { return std::min(slab, rows - s * slab); }
  /// Offset of the slab's first element.
  int64_t element(int64_t n, int64_t s) const { return (n * rows + s * slab) * channels; }
};

/// Per sample: begin(n, slot), reduce(n, slab, slot, thread) on all slabs, finish(n, slot), and
/// map(n, slab, slot) on all slabs.
template <class Begin, class Reduce, class Finish, class Map>
void two_passes(const Partition& p, const Begin& begin, const Reduce& reduce, const Finish& finish,
                const Map& map) {
  if (p.by_sample) {
#pragma omp parallel for schedule(static) num_threads(p.threads) if (p.threads > 1)
    for (int64_t n = 0; n < p.samples; ++n) {
      const int slot = omp_get_thread_num();
      begin(n, slot);
      for (int64_t s = 0; s < p.num_slabs; ++s) reduce(n, s, slot, slot);
      finish(n, slot);
      for (int64_t s = 0; s < p.num_slabs; ++s) map(n, s, slot);
    }
    return;
  }
#pragma omp parallel num_threads(p.threads) if (p.threads > 1)
  for (int64_t n = 0; n < p.samples; ++n) {
#pragma omp single
    begin(n, 0);
#pragma omp for schedule(static)
    for (int64_t s = 0; s < p.num_slabs; ++s) reduce(n, s, 0, omp_get_thread_num());
#pragma omp single
    finish(n, 0);
#pragma omp for schedule(static)
    for (int64_t s = 0; s < p.num_slabs; ++s) map(n, s, 0);
  }
}

/// Rows of per-channel arrays: workspace.row(i) has channels elements.
template <class A>
class Workspace {
 public:
  Workspace(int64_t rows, int64_t channels)
      : storage_(Tensor::empty({rows, channels}, dtype_of<A>)), channels_(channels) {}
  A* row(int64_t i) const { return storage_.data<A>() + i * channels_; }

 private:
  Tensor storage_;
  int64_t channels_;
};

/// Moments of every group over one slab. The shift is the group's mean in the slab's first row.
template <class T, class A>
void group_moments(const Partition& p, const T* x, int64_t rows, A* shift, A* sum,
                   A* sum_of_squares, Moments* moments) {
  const int64_t size = p.group_size();
  for (int64_t g = 0; g < p.groups; ++g) {
    double first = 0;
    for (int64_t c = g * size; c < (g + 1) * size; ++c) first += static_cast<A>(x[c]);
    std::fill_n(shift + g * size, size, static_cast<A>(first / static_cast<double>(size)));
  }
  shifted_sums(x, rows, p.channels, shift, sum, sum_of_squares);
  for (int64_t g = 0; g < p.groups; ++g) {
    double s = 0, q = 0;
    for (int64_t c = g * size; c < (g + 1) * size; ++c) {
      s += sum[c];
      q += sum_of_squares[c];
    }
    moments[g] =
        Moments::from_shifted_sums(static_cast<double>(rows * size), shift[g * size], s, q);
  }
}

/// mean and scale of every channel from the saved statistics of sample n; forward and backward must
/// agree to the last bit, since the ReLU mask is computed again.
template <class A>
void expand_statistics(const Partition& p, int64_t n, const A* mean, const A* rstd, const A* weight,
                       A* expanded_mean, A* scale) {
  const int64_t size = p.group_size();
  for (int64_t g = 0; g < p.groups; ++g) {
    const A group_mean = mean[n * p.groups + g], group_rstd = rstd[n * p.groups + g];
    for (int64_t c = g * size; c < (g + 1) * size; ++c) {
      expanded_mean[c] = group_mean;
      scale[c] = channel_scale(group_rstd, weight[c]);
    }
  }
}

template <class T>
void forward(CpuContext& ctx, const GroupNormForward& args) {
  using A = Compute<T>;
  const Partition p(ctx, args.x, args.options.num_groups);
  const Tensor weights = args.weight.to(dtype_of<A>), biases = args.bias.to(dtype_of<A>);
  const A *weight = weights.data<A>(), *bias = biases.data<A>();
  const T *x = args.x.data<T>(), *residual = nullptr;
  if (args.residual.defined()) residual = args.residual.data<T>();
  T* y = args.y.data<T>();
  A *mean = args.mean.data<A>(), *rstd = args.rstd.data<A>();
  std::vector<Moments> partial(static_cast<size_t>(p.num_slots() * p.num_slabs * p.groups));
  const auto moments = [&](int64_t slot, int64_t s) {
    return partial.data() + (slot * p.num_slabs + s) * p.groups;
  };
  const Workspace<A> sums(3 * p.threads, p.channels), expanded(2 * p.num_slots(), p.channels);

  two_passes(
      p, [](int64_t, int64_t) {},
      [&](int64_t n, int64_t s, int64_t slot, int64_t thread) {
        group_moments(p, x + p.element(n, s), p.num_rows(s), sums.row(3 * thread),
                      sums.row(3 * thread + 1), sums.row(3 * thread + 2), moments(slot, s));
      },
      [&](int64_t n, int64_t slot) {
        for (int64_t g = 0; g < p.groups; ++g) {
          Moments total;
          for (int64_t s = 0; s < p.num_slabs; ++s) total.merge(moments(slot, s)[g]);
          mean[n * p.groups + g] = static_cast<A>(total.mean);
          rstd[n * p.groups + g] =
              static_cast<A>(reciprocal_deviation(total.variance(), args.options.eps));
        }
        expand_statistics(p, n, mean, rstd, weight, expanded.row(2 * slot),
                          expanded.row(2 * slot + 1));
      },
      [&](int64_t n, int64_t s, int64_t slot) {
        const int64_t i = p.element(n, s);
        normalize(x + i, residual ? residual + i : nullptr, y + i, p.num_rows(s), p.channels,
                  RowCoefficients<A>{expanded.row(2 * slot), expanded.row(2 * slot + 1), bias},
                  args.options.relu);
      });
}

/// target[c] = beta * target[c] + sum over n of values[n][c], in f64 and in the order of n.
template <class A>
void sum_over_samples(CpuContext& ctx, const Workspace<A>& values, int64_t samples, double beta,
                      const Tensor& target) {
  dispatch_floating(target.dtype(), [&]<class W>() {
    W* out = target.data<W>();
    const auto sum = [&](int64_t c) {
      double total = beta == 0 ? 0 : static_cast<double>(static_cast<Compute<W>>(out[c]));
      for (int64_t n = 0; n < samples; ++n) total += static_cast<double>(values.row(n)[c]);
      out[c] = static_cast<W>(static_cast<Compute<W>>(total));
    };
    parallel_for(ctx, target.numel(), sum, samples);
  });
}

/// Sums of one sample's slabs in f64: totals = sum and dot of the gradient, per channel.
template <class A>
void sum_slabs(const Partition& p, const Workspace<A>& partial, int64_t first, double* sum,
               double* dot) {
  std::fill_n(sum, p.channels, 0.0);
  std::fill_n(dot, p.channels, 0.0);
  for (int64_t s = 0; s < p.num_slabs; ++s) {
    const A *slab_sum = partial.row(first + 2 * s), *slab_dot = partial.row(first + 2 * s + 1);
    for (int64_t c = 0; c < p.channels; ++c) {
      sum[c] += slab_sum[c];
      dot[c] += slab_dot[c];
    }
  }
}

/// slope and offset of every channel of one sample; rstd: of its groups.
template <class A>
void expand_gradient(const Partition& p, const double* sum, const double* dot, const A* rstd,
                     const A* weight, A* slope, A* offset) {
  const int64_t size = p.group_size();
  for (int64_t g = 0; g < p.groups; ++g) {
    double group_sum = 0, group_dot = 0;
    for (int64_t c = g * size; c < (g + 1) * size; ++c) {
      group_sum += weight[c] * sum[c];
      group_dot += weight[c] * dot[c];
    }
    const auto gradient =
        GroupGradient::from_sums(group_sum, group_dot, rstd[g], static_cast<double>(p.rows * size));
    std::fill_n(slope + g * size, size, static_cast<A>(gradient.slope));
    std::fill_n(offset + g * size, size, static_cast<A>(gradient.offset));
  }
}

template <class T>
class Backward {
  using A = Compute<T>;

 public:
  Backward(CpuContext& ctx, const GroupNormBackward& args)
      : ctx_(ctx),
        args_(args),
        p_(ctx, args.x, args.options.num_groups),
        weight_(args.weight.to(dtype_of<A>)),
        bias_(args.bias.to(dtype_of<A>)),
        partial_(2 * p_.num_slots() * p_.num_slabs, p_.channels),
        expanded_(4 * p_.num_slots(), p_.channels),
        totals_(2 * p_.num_slots(), p_.channels),
        grad_sums_(p_.samples, p_.channels),
        grad_dots_(p_.samples, p_.channels) {}

  void run() {
    two_passes(
        p_, [&](int64_t n, int64_t slot) { begin(n, slot); },
        [&](int64_t n, int64_t s, int64_t slot, int64_t) { reduce(n, s, slot); },
        [&](int64_t n, int64_t slot) { finish(n, slot); },
        [&](int64_t n, int64_t s, int64_t slot) { map(n, s, slot); });
    if (args_.grad_weight.defined()) {
      sum_over_samples(ctx_, grad_dots_, p_.samples, args_.beta_weight, args_.grad_weight);
    }
    if (args_.grad_bias.defined()) {
      sum_over_samples(ctx_, grad_sums_, p_.samples, args_.beta_bias, args_.grad_bias);
    }
  }

 private:
  void begin(int64_t n, int64_t slot) const {
    expand_statistics(p_, n, args_.mean.data<A>(), args_.rstd.data<A>(), weight_.data<A>(),
                      expanded_.row(4 * slot), expanded_.row(4 * slot + 1));
  }

  void reduce(int64_t n, int64_t s, int64_t slot) const {
    const int64_t first = 2 * (slot * p_.num_slabs + s);
    gradient_sums(rows(n, s), coefficients(slot), mask(), partial_.row(first),
                  partial_.row(first + 1),
                  args_.masked.defined() ? args_.masked.data<T>() + p_.element(n, s) : nullptr);
  }

  void finish(int64_t n, int64_t slot) const {
    double *sum = totals_.row(2 * slot), *dot = totals_.row(2 * slot + 1);
    sum_slabs(p_, partial_, 2 * slot * p_.num_slabs, sum, dot);
    const A* rstd = args_.rstd.data<A>() + n * p_.groups;
    expand_gradient(p_, sum, dot, rstd, weight_.data<A>(), expanded_.row(4 * slot + 2),
                    expanded_.row(4 * slot + 3));
    for (int64_t c = 0; c < p_.channels; ++c) {
      grad_sums_.row(n)[c] = static_cast<A>(sum[c]);
      grad_dots_.row(n)[c] = static_cast<A>(dot[c] * rstd[c / p_.group_size()]);
    }
  }

  void map(int64_t n, int64_t s, int64_t slot) const {
    if (!args_.grad_x.defined()) return;
    GradientRows<T> in = rows(n, s);
    ReluMask second_mask = mask();
    if (args_.masked.defined()) {  // the first pass left the gradient before the ReLU there
      in.grad_y = args_.masked.data<T>() + p_.element(n, s);
      second_mask = ReluMask::kNone;
    }
    input_gradient(in, coefficients(slot), second_mask, args_.beta_x != 0,
                   args_.grad_x.data<T>() + p_.element(n, s));
  }

  GradientRows<T> rows(int64_t n, int64_t s) const {
    const int64_t i = p_.element(n, s);
    return {args_.x.data<T>() + i, args_.grad_y.data<T>() + i,
            args_.y.defined() ? args_.y.data<T>() + i : nullptr, p_.num_rows(s), p_.channels};
  }

  RowCoefficients<A> coefficients(int64_t slot) const {
    return {expanded_.row(4 * slot), expanded_.row(4 * slot + 1), bias_.data<A>(),
            expanded_.row(4 * slot + 2), expanded_.row(4 * slot + 3)};
  }

  ReluMask mask() const {
    if (!args_.options.relu) return ReluMask::kNone;
    return args_.y.defined() ? ReluMask::kFromY : ReluMask::kFromX;
  }

  CpuContext& ctx_;
  const GroupNormBackward& args_;
  Partition p_;
  Tensor weight_, bias_;
  Workspace<A> partial_;                // per slot and slab: sum and dot of the gradient
  Workspace<A> expanded_;               // per slot: mean, scale, slope, offset
  Workspace<double> totals_;            // per slot: sum and dot over the slabs
  Workspace<A> grad_sums_, grad_dots_;  // per sample: contributions to grad_bias, grad_weight
};

}  // namespace

void run(CpuContext& ctx, const GroupNormForward& args) {
  const ProfileKernel profile("group_norm", 0);
  dispatch_floating(args.x.dtype(), [&]<class T>() { forward<T>(ctx, args); });
}

void run(CpuContext& ctx, const GroupNormBackward& args) {
  const ProfileKernel profile("group_norm", 0);
  dispatch_floating(args.x.dtype(), [&]<class T>() { Backward<T>(ctx, args).run(); });
}

}  // namespace denovo::ops
