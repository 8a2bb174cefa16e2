// The launches of the block kernels in their order, on the backend that core/kernels/kernel.h
// picks: the GPU's run, and on the CPU the test of the same phases.
#pragma once

#include "ops/group_norm/group_norm_blocks.h"
#include "ops/group_norm/group_norm_kernels.h"

namespace denovo::ops::group_norm_blocks {

/// [rows, C] of the compute type.
template <class A>
Tensor workspace(const Tensor& x, int64_t rows) {
  return Tensor::empty({rows, x.size(-1)}, dtype_of<A>, x.device());
}

template <class T>
void forward(Context& ctx, const GroupNormForward& args) {
  using A = Compute<T>;
  const GroupNormCut cut(args.x, args.options.num_groups, MomentTerm<T>::kVector,
                         BlockKernel::kThreads);
  if (args.x.numel() == 0) return;
  const Tensor weight = in_dtype(args.weight, dtype_of<A>), bias = in_dtype(args.bias, dtype_of<A>);
  const Tensor sums = workspace<A>(args.x, 2 * cut.samples * cut.num_slabs),
               mean = workspace<A>(args.x, cut.samples), scale = workspace<A>(args.x, cut.samples);
  const ChannelCoefficients<A> expanded{mean.data<A>(), scale.data<A>()};
  const MomentTerm<T> term{args.x.data<T>(), cut.rows, cut.channels, cut.group_size()};
  slab_sums(ctx, term, cut, sums);
  const ExpandStatistics<A> statistics{args.mean.data<A>(), args.rstd.data<A>(),
                                       weight.data<A>(),    expanded,
                                       cut.channels,        cut.groups};
  parallel_phases(ctx, cut.samples,
                  FinishForward<T>(term, cut, sums.data<A>(), statistics, args.options.eps));
  const auto map = [&]<bool kRelu, bool kResidual>() {
    parallel_rows(ctx, cut.samples * cut.rows, cut.channels,
                  Normalize<T, kRelu, kResidual>{
                      args.x.data<T>(), kResidual ? args.residual.data<T>() : nullptr,
                      args.y.data<T>(), bias.data<A>(), expanded, cut.rows, cut.channels});
  };
  if (args.residual.defined()) {
    args.options.relu ? map.template operator()<true, true>()
                      : map.template operator()<false, true>();
  } else {
    args.options.relu ? map.template operator()<true, false>()
                      : map.template operator()<false, false>();
  }
}

template <class A>
void sum_samples(Context& ctx, const Tensor& values, double beta, const Tensor& target) {
  if (!target.defined()) return;
  dispatch_floating(target.dtype(), [&]<class W>() {
    const int64_t channels = target.numel();
    parallel_phases(
        ctx, JoinSums<A, W>::blocks(channels),
        JoinSums<A, W>(values.data<A>(), target.data<W>(), values.size(0), channels, beta != 0));
  });
}

template <class T, ReluMask kMask>
void backward(Context& ctx, const GroupNormBackward& args) {
  using A = Compute<T>;
  using Term = GradientTerm<T, kMask>;
  const GroupNormCut cut(args.x, args.options.num_groups, Term::kVector, BlockKernel::kThreads);
  const Tensor weight = in_dtype(args.weight, dtype_of<A>), bias = in_dtype(args.bias, dtype_of<A>);
  const auto per_sample = [&] { return workspace<A>(args.x, cut.samples); };
  const Tensor mean = per_sample(), scale = per_sample(), slope = per_sample(),
               offset = per_sample(), grad_sums = per_sample(), grad_dots = per_sample(),
               sums = workspace<A>(args.x, 2 * cut.samples * cut.num_slabs);
  const ChannelCoefficients<A> expanded{mean.data<A>(), scale.data<A>()};
  parallel_for(ctx, cut.samples * cut.channels,
               ExpandStatistics<A>{args.mean.data<A>(), args.rstd.data<A>(), weight.data<A>(),
                                   expanded, cut.channels, cut.groups});
  const T *x = args.x.data<T>(), *grad_y = args.grad_y.data<T>();
  const T* y = kMask == ReluMask::kFromY ? args.y.data<T>() : nullptr;
  T* masked = args.masked.defined() ? args.masked.data<T>() : nullptr;
  slab_sums(ctx, Term{x, grad_y, y, masked, bias.data<A>(), expanded, cut.channels}, cut, sums);
  parallel_phases(
      ctx, cut.samples,
      FinishBackward<A>(cut, sums.data<A>(), weight.data<A>(), args.rstd.data<A>(), slope.data<A>(),
                        offset.data<A>(), grad_sums.data<A>(), grad_dots.data<A>()));
  sum_samples<A>(ctx, grad_dots, args.beta_weight, args.grad_weight);
  sum_samples<A>(ctx, grad_sums, args.beta_bias, args.grad_bias);
  if (!args.grad_x.defined()) return;
  const auto map = [&]<ReluMask kMapMask, bool kAccumulate>(const T* g) {
    parallel_rows(ctx, cut.samples * cut.rows, cut.channels,
                  InputGradient<T, kMapMask, kAccumulate>{
                      x, g, y, args.grad_x.data<T>(), bias.data<A>(), expanded, slope.data<A>(),
                      offset.data<A>(), cut.rows, cut.channels});
  };
  const bool add = args.beta_x != 0;
  if (masked) {  // the first pass left the gradient before the ReLU there
    add ? map.template operator()<ReluMask::kNone, true>(masked)
        : map.template operator()<ReluMask::kNone, false>(masked);
  } else {
    add ? map.template operator()<kMask, true>(grad_y)
        : map.template operator()<kMask, false>(grad_y);
  }
}

inline void run(Context& ctx, const GroupNormForward& args) {
  dispatch_floating(args.x.dtype(), [&]<class T>() { forward<T>(ctx, args); });
}

inline void run(Context& ctx, const GroupNormBackward& args) {
  dispatch_floating(args.x.dtype(), [&]<class T>() {
    if (!args.options.relu) return backward<T, ReluMask::kNone>(ctx, args);
    args.y.defined() ? backward<T, ReluMask::kFromY>(ctx, args)
                     : backward<T, ReluMask::kFromX>(ctx, args);
  });
}

}  // namespace denovo::ops::group_norm_blocks
