// The launches of the block kernels in their order, on the backend that core/kernels/kernel.h
// picks: the GPU's run, and on the CPU the test of the same phases. A batch is one sample to the
// kernels that it shares with group normalization.
#pragma once

#include "ops/batch_norm/batch_norm_kernels.h"
#include "ops/batch_norm/batch_norm_math.h"
#include "ops/batch_norm/moment_blocks.h"

namespace denovo::ops::batch_norm_blocks {

inline ValidRows valid_rows(const Tensor& x, const Tensor& slots) {
  const int64_t samples = x.size(0) * x.size(-1);
  return {slots.defined() ? slots.data<int32_t>() : nullptr,
          samples == 0 ? 0 : x.numel() / samples};
}

template <class T>
void moments(Context& ctx, const BatchMoments& args) {
  constexpr int kVector = 16 / sizeof(T);
  const auto cut = SlabCut::of_one_sample(args.x, kVector, BlockKernel::kThreads);
  const ValidRows valid = valid_rows(args.x, args.slots);
  const Tensor slabs =
      Tensor::empty({cut.num_slabs, 3, cut.channels}, DType::kF64, args.x.device());
  const auto reduce = [&]<int V>() {
    parallel_phases(ctx, cut.num_slabs * cut.num_chunks,
                    SlabMoments<T, V>(args.x.data<T>(), valid, cut, slabs.data<double>()));
  };
  cut.vector == 1 ? reduce.template operator()<1>() : reduce.template operator()<kVector>();
  const MergeSlabMoments merge(slabs.data<double>(), cut.num_slabs, cut.channels,
                               args.moments.data<double>());
  parallel_phases(ctx, merge.blocks(), merge);
}

/// Per-channel arrays in the compute type, kept as long as their pointers are used.
template <class A>
struct Channels {
  Tensor weight, bias, scale;
  A *mean, *rstd;

  template <class Args>
  Channels(Context& ctx, const Args& args)
      : weight(in_dtype(args.weight, dtype_of<A>)),
        bias(in_dtype(args.bias, dtype_of<A>)),
        scale(weight.empty_like()),
        mean(args.mean.template data<A>()),
        rstd(args.rstd.template data<A>()) {
    parallel_for(ctx, weight.numel(), ChannelScale<A>{weight.data<A>(), rstd, scale.data<A>()});
  }
  ChannelCoefficients<A> coefficients() const { return {mean, scale.data<A>()}; }
};

template <class T>
void forward(Context& ctx, const BatchNormForward& args) {
  using A = Compute<T>;
  const Channels<A> k(ctx, args);
  const int64_t channels = k.weight.numel(), rows = args.x.numel() / channels;
  T* y = args.y.data<T>();
  const auto map = [&]<bool kRelu, bool kResidual>() {
    using Map = Normalize<T, kRelu, kResidual>;
    const Map normalize{args.x.data<T>(),
                        kResidual ? args.residual.data<T>() : nullptr,
                        y,
                        k.bias.template data<A>(),
                        k.coefficients(),
                        rows,
                        channels};
    parallel_rows(ctx, rows, channels,
                  MapValidRows<T, Map, true>{normalize, valid_rows(args.x, args.slots), y});
  };
  if (args.residual.defined()) {
    args.relu ? map.template operator()<true, true>() : map.template operator()<false, true>();
  } else {
    args.relu ? map.template operator()<true, false>() : map.template operator()<false, false>();
  }
}

template <class T, ReluMask kMask>
void sums(Context& ctx, const BatchNormSums& args) {
  using A = Compute<T>;
  using Term = ValidGradientTerm<T, kMask>;
  const Channels<A> k(ctx, args);
  const auto cut = SlabCut::of_one_sample(args.x, Term::kVector, BlockKernel::kThreads);
  const Tensor partial =
      Tensor::empty({cut.num_slabs, 2 * cut.channels}, dtype_of<A>, args.x.device());
  const Term term{{args.x.data<T>(), args.grad_y.data<T>(),
                   kMask == ReluMask::kFromY ? args.y.data<T>() : nullptr,
                   args.masked.defined() ? args.masked.data<T>() : nullptr,
                   k.bias.template data<A>(), k.coefficients(), cut.channels},
                  valid_rows(args.x, args.slots)};
  slab_sums(ctx, term, cut, partial);
  using Join = JoinSums<A, double, 8>;
  parallel_phases(
      ctx, Join::blocks(2 * cut.channels),
      Join(partial.data<A>(), args.sums.data<double>(), cut.num_slabs, 2 * cut.channels, false));
}

template <class T, ReluMask kMask>
void backward(Context& ctx, const BatchNormBackward& args) {
  using A = Compute<T>;
  const Channels<A> k(ctx, args);
  const int64_t channels = k.weight.numel(), rows = args.x.numel() / channels;
  const Tensor slope = k.scale.empty_like(), offset = k.scale.empty_like();
  parallel_for(ctx, channels,
               StatisticsGradient<A>{k.weight.template data<A>(), k.rstd, args.sums.data<double>(),
                                     args.moments.defined() ? args.moments.data<double>() : nullptr,
                                     channels, slope.data<A>(), offset.data<A>()});
  T* grad_x = args.grad_x.data<T>();
  const auto map = [&]<bool kAccumulate>() {
    using Map = InputGradient<T, kMask, kAccumulate>;
    const Map gradient{args.x.data<T>(),
                       args.grad_y.data<T>(),
                       kMask == ReluMask::kFromY ? args.y.data<T>() : nullptr,
                       grad_x,
                       k.bias.template data<A>(),
                       k.coefficients(),
                       slope.data<A>(),
                       offset.data<A>(),
                       rows,
                       channels};
    parallel_rows(
        ctx, rows, channels,
        MapValidRows<T, Map, !kAccumulate>{gradient, valid_rows(args.x, args.slots), grad_x});
  };
  args.beta != 0 ? map.template operator()<true>() : map.template operator()<false>();
}

inline void run(Context& ctx, const BatchMoments& args) {
  if (args.x.size(-1) == 0) return;
  dispatch_floating(args.x.dtype(), [&]<class T>() { moments<T>(ctx, args); });
}

inline void run(Context& ctx, const BatchNormForward& args) {
  if (args.x.size(-1) == 0) return;
  dispatch_floating(args.x.dtype(), [&]<class T>() { forward<T>(ctx, args); });
}

/// f<T, mask>() for the dtype of x and where the ReLU mask comes from.
template <class Args, class F>
void dispatch_mask(const Args& args, const F& f) {
  if (args.x.size(-1) == 0) return;
  dispatch_floating(args.x.dtype(), [&]<class T>() {
    if (!args.relu) return f.template operator()<T, ReluMask::kNone>();
    args.y.defined() ? f.template operator()<T, ReluMask::kFromY>()
                     : f.template operator()<T, ReluMask::kFromX>();
  });
}

inline void run(Context& ctx, const BatchNormSums& args) {
  dispatch_mask(args, [&]<class T, ReluMask kMask>() { sums<T, kMask>(ctx, args); });
}

inline void run(Context& ctx, const BatchNormBackward& args) {
  dispatch_mask(args, [&]<class T, ReluMask kMask>() { backward<T, kMask>(ctx, args); });
}

}  // namespace denovo::ops::batch_norm_blocks
