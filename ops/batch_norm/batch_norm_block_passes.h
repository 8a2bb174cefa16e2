// The launches of the block kernels in their order, on the backend that core/kernels/kernel.h
// picks: the GPU's run, and on the CPU the test of the same phases.
#pragma once

#include "ops/batch_norm/batch_norm_kernels.h"
#include "ops/batch_norm/batch_norm_math.h"
#include "ops/batch_norm/moment_blocks.h"

namespace denovo::ops::batch_norm_blocks {

template <class T>
void moments(Context& ctx, const BatchMoments& args) {
  using Term = SlabMomentTerm<T>;
  const ValidSamples valid(args.x, args.slots);
  const auto cut = cut_for_sums<Term>(valid.samples, valid.rows, valid.channels);
  const int64_t num_slabs = cut.samples * cut.num_slabs;
  const Tensor slabs =
      Tensor::empty(Shape{num_slabs, 3, cut.channels}, DType::kF64, args.x.device());
  const auto reduce = [&]<int V>() {
    parallel_phases(ctx, cut.blocks(),
                    SlabMoments<T, V>({args.x.data<T>(), valid}, cut, slabs.data<double>()));
  };
  cut.vector == 1 ? reduce.template operator()<1>() : reduce.template operator()<Term::kVector>();
  const MergeSlabMoments merge(slabs.data<double>(), num_slabs, cut.channels,
                               args.moments.data<double>());
  parallel_phases(ctx, merge.blocks(), merge);
}

/// Per-channel arrays in the compute type, kept as long as their pointers are used.
template <class A>
struct Channels {
  Tensor weight, bias;
  const A *mean, *rstd;

  template <class Args>
  explicit Channels(const Args& args)
      : weight(in_dtype(args.weight, dtype_of<A>)),
        bias(in_dtype(args.bias, dtype_of<A>)),
        mean(args.mean.template data<A>()),
        rstd(args.rstd.template data<A>()) {}
  template <class T>
  NormCoefficients<T> coefficients() const {
    return {mean, rstd, weight.data<A>(), bias.data<A>(), {1, weight.numel(), true}};
  }
};

/// The map on valid samples. The batch of a backbone has no slots: nothing is asked for each row.
template <bool kClear, class T, class Map>
void map_samples(Context& ctx, const ValidSamples& valid, const Map& map, T* out) {
  if (valid.slots) {
    map_slab_blocks(ctx, valid.samples, valid.rows, valid.channels,
                    MapValidSamples<T, Map, kClear>{map, valid, out});
  } else {
    map_slab_blocks(ctx, valid.samples, valid.rows, valid.channels, map);
  }
}

template <class T>
void forward(Context& ctx, const BatchNormForward& args) {
  using A = Compute<T>;
  const Channels<A> k(args);
  const ValidSamples valid(args.x, args.slots);
  T* y = args.y.data<T>();
  const auto map = [&]<bool kRelu, bool kResidual>() {
    map_samples<true>(ctx, valid,
                      Normalize<T, kRelu, kResidual>{args.x.data<T>(),
                                                     kResidual ? args.residual.data<T>() : nullptr,
                                                     y, k.template coefficients<T>()},
                      y);
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
  using Term = GradientTerm<T, kMask>;
  const Channels<A> k(args);
  const ValidSamples valid(args.x, args.slots);
  const auto cut = cut_for_sums<Term>(valid.samples, valid.rows, valid.channels);
  const int64_t num_slabs = cut.samples * cut.num_slabs;
  const Tensor partial =
      Tensor::empty(Shape{num_slabs, 2 * cut.channels}, dtype_of<A>, args.x.device());
  const Term term{args.x.data<T>(), args.grad_y.data<T>(),
                  kMask == ReluMask::kFromY ? args.y.data<T>() : nullptr,
                  args.masked.defined() ? args.masked.data<T>() : nullptr,
                  k.template coefficients<T>()};
  valid.slots ? slab_sums(ctx, ValidGradientTerm<T, kMask>{term, valid}, cut, partial)
              : slab_sums(ctx, term, cut, partial);
  using Join = JoinSums<A, double, 8>;
  parallel_phases(
      ctx, Join::blocks(2 * cut.channels),
      Join(partial.data<A>(), args.sums.data<double>(), num_slabs, 2 * cut.channels, false));
}

/// StatisticsGradient as normalized_vectors.h wants it.
template <class T>
struct FoldedGradient {
  using A = Compute<T>;
  StatisticsGradient<A> gradient;
  const A* mean;

  DENOVO_HD void operator()(int64_t c) const {
    gradient(c);
    gradient.offset[c] = NormCoefficients<T>::folded_offset(static_cast<double>(gradient.offset[c]),
                                                            gradient.slope[c], mean[c]);
  }
};

template <class T, ReluMask kMask>
void backward(Context& ctx, const BatchNormBackward& args) {
  using A = Compute<T>;
  const Channels<A> k(args);
  const ValidSamples valid(args.x, args.slots);
  const Tensor slope = args.mean.empty_like(), offset = args.mean.empty_like();
  const StatisticsGradient<A> gradient{
      k.weight.template data<A>(),
      k.rstd,
      args.sums.data<double>(),
      args.moments.defined() ? args.moments.data<double>() : nullptr,
      valid.channels,
      slope.data<A>(),
      offset.data<A>()};
  parallel_for(ctx, valid.channels, FoldedGradient<T>{gradient, k.mean});
  T* grad_x = args.grad_x.data<T>();
  const auto map = [&]<bool kAccumulate>() {
    map_samples<!kAccumulate>(ctx, valid,
                              InputGradient<T, kMask, kAccumulate>{
                                  args.x.data<T>(), args.grad_y.data<T>(),
                                  kMask == ReluMask::kFromY ? args.y.data<T>() : nullptr, grad_x,
                                  k.template coefficients<T>(), slope.data<A>(), offset.data<A>()},
                              grad_x);
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
