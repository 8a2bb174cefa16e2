// Maps of [N, rows, C] with coefficients that belong to channels. On the GPU a thread keeps those
// of 16 bytes of channels in registers and walks down the rows; on the CPU it is a loop over rows
// with the channels innermost, which the compiler vectorises. The CPU suite runs the GPU's cut,
// too.
//
// A map F has, for V neighbouring channels,
//   static constexpr int kVector, kBatch;   // V on the GPU, and rows of which it loads at once
//   template <int V, class I> DENOVO_HD auto keep(I n, I c) const;     // the coefficients
//   template <int V, class I> DENOVO_HD auto load(I i) const;          // from element i on
//   template <int V, class I> DENOVO_HD void apply(const K& kept, const In& loaded, I i) const;
// I: uint32_t in blocks; on the CPU int64_t, whose loops need not expect that an index wraps
// around.
#pragma once

#include "core/kernels/slab_cut.h"

namespace denovo {

/// What one thread does.
template <int V, class F>
DENOVO_HD void map_rows(const F& map, const SlabCut& cut, const SlabPlace& p) {
  if (p.count == 0) return;
  const auto kept = map.template keep<V>(p.sample, p.channel);
  walk_rows<F::kBatch>(
      cut, p, [&](uint32_t i) { return map.template load<V>(i); },
      [&](const auto& in, uint32_t i) { map.template apply<V>(kept, in, i); });
}

template <class F, int V>
struct MapSlabs : BlockKernel {
  static constexpr int kPhases = 1;
  F map;
  SlabCut cut;

  MapSlabs(const F& f, const SlabCut& c) : map(f), cut(c) {}

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    // From the last block to the first: the end of a tensor is what the pass before has read last,
    // and what the cache still holds.
    PhasePoint from_end = at;
    from_end.block = cut.blocks() - 1 - at.block;
    map_rows<V>(map, cut, SlabPlace::of<V>(cut, from_end));
  }
};

/// The map by block kernels, on the backend that core/kernels/kernel.h picks.
template <class F>
void map_slab_blocks(Context& ctx, int64_t samples, int64_t rows, int64_t channels, const F& map) {
  if (samples * rows * channels == 0) return;
  const auto launch = [&]<int V>() {
    using Blocks = MapSlabs<F, V>;
    const auto cut =
        SlabCut::for_maps(samples, rows, channels, F::kVector, resident_blocks<Blocks>(ctx));
    parallel_phases(ctx, cut.blocks(), Blocks(map, cut));
  };
  channels % F::kVector == 0 ? launch.template operator()<F::kVector>()
                             : launch.template operator()<1>();
}

#ifdef __CUDACC__
template <class F>
void map_slabs(CudaContext& ctx, int64_t samples, int64_t rows, int64_t channels, const F& map) {
  map_slab_blocks(ctx, samples, rows, channels, map);
}
#else
template <class F>
void map_slabs(CpuContext& ctx, int64_t samples, int64_t rows, int64_t channels, const F& map) {
  if (loops_in_vectors) return map_slab_blocks(ctx, samples, rows, channels, map);
  const int threads = samples * rows * channels < kSerialGrain ? 1 : ctx.num_threads();
  const F local = map;  // as in parallel_for
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1) firstprivate(local)
  for (int64_t r = 0; r < samples * rows; ++r) {
    const int64_t n = samples == 1 ? 0 : r / rows, first = r * channels;
#pragma GCC ivdep
    for (int64_t c = 0; c < channels; ++c) {
      local.template apply<1>(local.template keep<1>(n, c), local.template load<1>(first + c),
                              first + c);
    }
  }
}
#endif

}  // namespace denovo
