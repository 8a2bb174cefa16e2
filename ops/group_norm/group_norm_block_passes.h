// The launches of the block kernels in their order, on the backend that core/kernels/kernel.h
// picks: the GPU's run, and on the CPU the test of the same phases.
#pragma once

#include "ops/group_norm/group_norm_blocks.h"
#include "ops/group_norm/group_norm_kernels.h"

namespace denovo::ops::group_norm_blocks {

/// How a tensor is gone through; like the cut of the sums it depends on the shape alone.
struct Schedule {
  /// Samples are summed and mapped in turns of so many bytes that are read twice: the second level
  /// of cache of an A100 holds 40 MB and of an H100 50, and the second read need not come from
  /// memory. A sample that is larger finds nothing there, and all samples are one turn.
  int64_t turn_bytes = int64_t{32} << 20;
  /// From so many blocks on, a block does all of a sample's chunk of channels: they fill a GPU.
  int64_t whole_sample_blocks = 512;
};

/// [N, rows, C] and its groups.
struct Sizes {
  int64_t samples, rows, channels, groups;

  Sizes(const Tensor& x, int num_groups)
      : samples(x.size(0)),
        rows(x.numel() == 0 ? 0 : x.numel() / (x.size(0) * x.size(-1))),
        channels(x.size(-1)),
        groups(num_groups) {}
  int size() const { return static_cast<int>(channels / groups); }
  GroupIndex index() const { return {size(), groups, false}; }
};

/// f(first sample, end) of every turn; bytes: that a sample reads twice.
template <class F>
void for_turns(int64_t samples, int64_t bytes, const Schedule& schedule, const F& f) {
  const int64_t fit = schedule.turn_bytes / std::max<int64_t>(bytes, 1),
                turns = fit == 0 ? 1 : (samples + fit - 1) / fit,
                each = (samples + turns - 1) / turns;
  for (int64_t n = 0; n < samples; n += each) f(n, std::min(n + each, samples));
}

/// Samples [begin, end); an undefined tensor stays so.
inline Tensor part(const Tensor& tensor, int64_t begin, int64_t end) {
  return tensor.defined() ? tensor.rows(begin, end) : tensor;
}

template <class T>
T* pointer(const Tensor& tensor) {
  return tensor.defined() ? tensor.data<T>() : nullptr;
}

/// The three steps of all samples. maps: false when the values of groups are all that is wanted.
template <class Term, class Groups, class Map>
void run_steps(Context& ctx, const Sizes& sizes, Device device, const Schedule& schedule,
               const Term& term, const Groups& groups, const Map& map, bool maps) {
  using A = typename Term::A;
  constexpr int V = Term::kVector;
  const auto whole = SlabCut::of_whole_samples(sizes.samples, sizes.rows, sizes.channels, V);
  const bool whole_groups = whole.num_chunks == 1 || whole.chunk_channels() % sizes.size() == 0;
  const bool is_small = sizes.rows * sizes.channels < int64_t{1} << 30;  // counted in 32 bits
  if (whole.vector == V && whole_groups && is_small &&
      whole.blocks() >= schedule.whole_sample_blocks) {
    const WholeSamples<Term, Groups, Map, V> kernel(term, groups, map, whole, maps);
    return parallel_phases(ctx, whole.blocks(), kernel);
  }
  const auto cut = cut_for_sums<Term>(sizes.samples, sizes.rows, sizes.channels);
  const Tensor sums =
      Tensor::empty(Shape{2 * cut.samples * cut.num_slabs, cut.channels}, dtype_of<A>, device);
  slab_sums(ctx, term, cut, sums);
  const FinishGroups<Groups, A> finish(groups, cut, sums.data<A>());
  parallel_phases(ctx, finish.blocks(), finish);
  if (maps) map_slab_blocks(ctx, sizes.samples, sizes.rows, sizes.channels, map);
}

template <class T>
void forward(Context& ctx, const GroupNormForward& args, const Schedule& schedule) {
  using A = Compute<T>;
  if (args.x.numel() == 0) return;
  const Tensor weight = in_dtype(args.weight, dtype_of<A>), bias = in_dtype(args.bias, dtype_of<A>);
  const Sizes all(args.x, args.options.num_groups);
  const auto turn = [&](int64_t begin, int64_t end) {
    const Tensor x = part(args.x, begin, end), y = part(args.y, begin, end),
                 residual = part(args.residual, begin, end), mean = part(args.mean, begin, end),
                 rstd = part(args.rstd, begin, end);
    const Sizes sizes(x, args.options.num_groups);
    const NormCoefficients<T> k{mean.data<A>(), rstd.data<A>(), weight.data<A>(), bias.data<A>(),
                                sizes.index()};
    const MomentTerm<T> term{x.data<T>(), sizes.rows, sizes.channels};
    const GroupMoments<T> groups{x.data<T>(),    mean.data<A>(), rstd.data<A>(), sizes.rows,
                                 sizes.channels, sizes.groups,   sizes.size(),   args.options.eps};
    const auto go = [&]<bool kRelu, bool kResidual>() {
      run_steps(ctx, sizes, x.device(), schedule, term, groups,
                Normalize<T, kRelu, kResidual>{x.data<T>(), pointer<T>(residual), y.data<T>(), k},
                true);
    };
    if (residual.defined()) {
      args.options.relu ? go.template operator()<true, true>()
                        : go.template operator()<false, true>();
    } else {
      args.options.relu ? go.template operator()<true, false>()
                        : go.template operator()<false, false>();
    }
  };
  const int64_t sample_bytes = all.rows * all.channels * static_cast<int64_t>(sizeof(T));
  for_turns(all.samples, sample_bytes, schedule, turn);
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
void backward(Context& ctx, const GroupNormBackward& args, const Schedule& schedule) {
  using A = Compute<T>;
  const Sizes all(args.x, args.options.num_groups);
  const Tensor weight = in_dtype(args.weight, dtype_of<A>), bias = in_dtype(args.bias, dtype_of<A>);
  const auto workspace = [&](int64_t width) {
    return Tensor::empty(Shape{all.samples, width}, dtype_of<A>, args.x.device());
  };
  const Tensor slopes = workspace(all.groups), offsets = workspace(all.groups),
               grad_sums = workspace(all.channels), grad_dots = workspace(all.channels);
  const bool maps = args.grad_x.defined();
  const auto turn = [&](int64_t begin, int64_t end) {
    const Tensor x = part(args.x, begin, end), grad_y = part(args.grad_y, begin, end),
                 y = part(args.y, begin, end), masked = part(args.masked, begin, end),
                 mean = part(args.mean, begin, end), rstd = part(args.rstd, begin, end),
                 slope = part(slopes, begin, end), offset = part(offsets, begin, end),
                 grad_x = part(args.grad_x, begin, end);
    const Sizes sizes(x, args.options.num_groups);
    const NormCoefficients<T> k{mean.data<A>(), rstd.data<A>(), weight.data<A>(), bias.data<A>(),
                                sizes.index()};
    const T* y_data = kMask == ReluMask::kFromY ? y.data<T>() : nullptr;
    const GradientTerm<T, kMask> term{x.data<T>(), grad_y.data<T>(), y_data, pointer<T>(masked), k};
    const GroupGradients<T> groups{weight.data<A>(),
                                   k.mean,
                                   k.rstd,
                                   slope.data<A>(),
                                   offset.data<A>(),
                                   part(grad_sums, begin, end).template data<A>(),
                                   part(grad_dots, begin, end).template data<A>(),
                                   sizes.rows,
                                   sizes.channels,
                                   sizes.groups,
                                   sizes.size()};
    const auto go = [&]<ReluMask kMapMask, bool kAccumulate>(const T* g) {
      run_steps(ctx, sizes, x.device(), schedule, term, groups,
                InputGradient<T, kMapMask, kAccumulate>{x.data<T>(), g, y_data, pointer<T>(grad_x),
                                                        k, slope.data<A>(), offset.data<A>()},
                maps);
    };
    const bool add = args.beta_x != 0;
    if (masked.defined()) {  // the sums left the gradient before the ReLU there
      add ? go.template operator()<ReluMask::kNone, true>(masked.data<T>())
          : go.template operator()<ReluMask::kNone, false>(masked.data<T>());
    } else {
      add ? go.template operator()<kMask, true>(grad_y.data<T>())
          : go.template operator()<kMask, false>(grad_y.data<T>());
    }
  };
  if (args.x.numel() == 0) {
    fill(grad_sums, 0);
    fill(grad_dots, 0);
  } else {
    const int64_t sample_bytes = 2 * all.rows * all.channels * static_cast<int64_t>(sizeof(T));
    for_turns(all.samples, sample_bytes, schedule, turn);
  }
  sum_samples<A>(ctx, grad_dots, args.beta_weight, args.grad_weight);
  sum_samples<A>(ctx, grad_sums, args.beta_bias, args.grad_bias);
}

inline void run(Context& ctx, const GroupNormForward& args, const Schedule& schedule = {}) {
  dispatch_floating(args.x.dtype(), [&]<class T>() { forward<T>(ctx, args, schedule); });
}

inline void run(Context& ctx, const GroupNormBackward& args, const Schedule& schedule = {}) {
  dispatch_floating(args.x.dtype(), [&]<class T>() {
    if (!args.options.relu) return backward<T, ReluMask::kNone>(ctx, args, schedule);
    args.y.defined() ? backward<T, ReluMask::kFromY>(ctx, args, schedule)
                     : backward<T, ReluMask::kFromX>(ctx, args, schedule);
  });
}

}  // namespace denovo::ops::group_norm_blocks
