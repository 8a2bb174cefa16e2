#include "ops/batch_norm/batch_norm_kernels.h"

#include "core/kernels/kernel.h"
#include "core/kernels/moments.h"
#include "ops/normalization/normalization_math.h"

namespace denovo::ops {
namespace {

struct JoinSets {
  const double* sets;
  double* moments;
  int64_t num_sets, channels;

  DENOVO_HD void operator()(int64_t c) const {
    Moments joined;
    for (int64_t s = 0; s < num_sets; ++s) {
      const double* set = sets + 3 * s * channels + c;
      joined.merge({set[0], set[channels], set[2 * channels]});
    }
    moments[c] = joined.count;
    moments[channels + c] = joined.mean;
    moments[2 * channels + c] = joined.m2;
  }
};

template <class A>
struct BatchStatistics {
  const double* moments;
  double eps, momentum;
  A *mean, *rstd, *running_mean, *running_variance;
  int64_t channels;

  DENOVO_HD void operator()(int64_t c) const {
    const Moments batch{moments[c], moments[channels + c], moments[2 * channels + c]};
    mean[c] = static_cast<A>(batch.mean);
    rstd[c] = static_cast<A>(reciprocal_deviation(batch.variance(), eps));
    if (batch.count == 0) return;
    const double unbiased = batch.count > 1 ? batch.m2 / (batch.count - 1) : 0;
    running_mean[c] = static_cast<A>((1 - momentum) * running_mean[c] + momentum * batch.mean);
    running_variance[c] =
        static_cast<A>((1 - momentum) * running_variance[c] + momentum * unbiased);
  }
};

template <class A>
struct RunningStatistics {
  const A *running_mean, *running_variance;
  double eps;
  A *mean, *rstd;

  DENOVO_HD void operator()(int64_t c) const {
    mean[c] = running_mean[c];
    rstd[c] = static_cast<A>(reciprocal_deviation(running_variance[c], eps));
  }
};

/// target[c] = beta * target[c] + factor[c] * sums[c]; factor may be null: 1.
template <class W, class A>
struct ParameterGradient {
  const double* sums;
  const A* factor;
  W* target;
  bool accumulate;

  DENOVO_HD void operator()(int64_t c) const {
    double value = factor ? factor[c] * sums[c] : sums[c];
    if (accumulate) value += static_cast<double>(static_cast<Compute<W>>(target[c]));
    target[c] = static_cast<W>(static_cast<Compute<W>>(value));
  }
};

template <class A>
void parameter_gradient(Context& ctx, const double* sums, const A* factor, const Tensor& target,
                        double beta) {
  if (!target.defined()) return;
  dispatch_floating(target.dtype(), [&]<class W>() {
    parallel_for(ctx, target.numel(),
                 ParameterGradient<W, A>{sums, factor, target.data<W>(), beta != 0});
  });
}

}  // namespace

void run(Context& ctx, const MergeMoments& args) {
  const int64_t channels = args.moments.size(1);
  parallel_for(
      ctx, channels,
      JoinSets{args.sets.data<double>(), args.moments.data<double>(), args.sets.size(0), channels});
}

void run(Context& ctx, const BatchNormStatistics& args) {
  const int64_t channels = args.mean.numel();
  dispatch_f32_f64(args.mean.dtype(), [&]<class A>() {
    A *mean = args.mean.data<A>(), *rstd = args.rstd.data<A>();
    A *running_mean = args.running_mean.data<A>(),
      *running_variance = args.running_variance.data<A>();
    if (args.moments.defined()) {
      parallel_for(ctx, channels,
                   BatchStatistics<A>{args.moments.data<double>(), args.eps, args.momentum, mean,
                                      rstd, running_mean, running_variance, channels});
    } else {
      parallel_for(ctx, channels,
                   RunningStatistics<A>{running_mean, running_variance, args.eps, mean, rstd});
    }
  });
}

void run(Context& ctx, const BatchNormParameterGradients& args) {
  const double* sums = args.sums.data<double>();
  dispatch_f32_f64(args.rstd.dtype(), [&]<class A>() {
    const A *rstd = args.rstd.data<A>(), *one = nullptr;
    parameter_gradient(ctx, sums + args.rstd.numel(), rstd, args.grad_weight, args.beta_weight);
    parameter_gradient(ctx, sums, one, args.grad_bias, args.beta_bias);
  });
}

}  // namespace denovo::ops
