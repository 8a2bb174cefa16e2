// Moments of each channel as block kernels, for the GPU; the CPU suite runs the same phases. Slabs
// of rows are reduced apart, each with a shift of its own, and merged in a fixed order.
#pragma once

#include "core/kernels/moments.h"
#include "core/kernels/slab_sums.h"
#include "ops/batch_norm/valid_samples.h"

namespace denovo::ops {

/// x - shift and its square; the shift of a channel is its value in the slab's first row.
template <class T>
struct SlabMomentTerm {
  using A = Compute<T>;
  static constexpr int kVector = 16 / sizeof(T), kValues = 2, kBatch = 4;
  const T* x;
  ValidSamples valid;

  template <int V>
  struct State {
    Pack<T, V> shift;
    bool is_valid;
  };
  template <int V>
  DENOVO_HD State<V> state(const SlabPlace& p) const {
    return {Pack<T, V>::load(x + p.top), valid(p.sample)};
  }
  template <int V>
  DENOVO_HD auto load(uint32_t i) const {
    return Pack<T, V>::load(x + i);
  }
  template <int V>
  DENOVO_HD void add(const State<V>& s, const Pack<T, V>& in, uint32_t, A (&totals)[2][V]) const {
    if (!s.is_valid) return;
    for (int v = 0; v < V; ++v) add_shifted(in.v[v], s.shift.v[v], totals[0][v], totals[1][v]);
  }
};

/// [sample][slab][count, mean, M2][c] of each slab; its count is 0 in an empty slot.
template <class T, int V>
struct SlabMoments : BlockKernel {
  using A = Compute<T>;
  using Sums = BlockSums<SlabMomentTerm<T>, V>;
  static constexpr int kPhases = 2;
  SlabMomentTerm<T> term;
  SlabCut cut;
  double* moments;

  SlabMoments(const SlabMomentTerm<T>& t, const SlabCut& c, double* out)
      : term(t), cut(c), moments(out) {}
  int64_t shared_bytes() const { return Sums::shared_bytes(cut); }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    const auto p = SlabPlace::of<V>(cut, at);
    A* shared = at.share<A>();
    if constexpr (P == 0) {
      Sums::add_rows(term, cut, p, shared);
    } else {
      for (int column = at.thread; column < cut.lanes * V; column += kThreads) {
        const int64_t c = p.first_channel + Sums::channel_of(cut, column);
        if (c >= cut.channels) continue;
        Moments m;
        if (p.rows > 0 && term.valid(p.sample)) {
          const int64_t top = p.top - p.channel + c;
          m = Moments::from_shifted_sums(p.rows, static_cast<double>(static_cast<A>(term.x[top])),
                                         Sums::template sum<double>(cut, shared, 0, column),
                                         Sums::template sum<double>(cut, shared, 1, column));
        }
        double* out = moments + 3 * (p.sample * cut.num_slabs + p.slab) * cut.channels + c;
        out[0] = m.count;
        out[cut.channels] = m.mean;
        out[2 * cut.channels] = m.m2;
      }
    }
  }
};

/// The moments of all slabs together; a block takes kColumns channels.
struct MergeSlabMoments : BlockKernel {
  static constexpr int kPhases = 2, kColumns = 8, kRowThreads = kThreads / kColumns;
  const double* slabs;  // as SlabMoments writes
  int64_t num_slabs, channels;
  double* merged;  // [3][C]

  MergeSlabMoments(const double* in, int64_t count, int64_t c, double* out)
      : slabs(in), num_slabs(count), channels(c), merged(out) {}
  int64_t blocks() const { return (channels + kColumns - 1) / kColumns; }
  int64_t shared_bytes() const { return kThreads * static_cast<int64_t>(sizeof(Moments)); }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    const int column = at.thread % kColumns, row = at.thread / kColumns;
    const int64_t c = at.block * kColumns + column;
    if (c >= channels) return;
    auto* shared = at.share<Moments>();
    Moments total;
    if constexpr (P == 0) {
      for (int64_t s = row; s < num_slabs; s += kRowThreads) {
        const double* slab = slabs + 3 * s * channels + c;
        total.merge({slab[0], slab[channels], slab[2 * channels]});
      }
      shared[at.thread] = total;
    } else {
      if (row > 0) return;
      for (int r = 0; r < kRowThreads; ++r) total.merge(shared[r * kColumns + column]);
      merged[c] = total.count;
      merged[channels + c] = total.mean;
      merged[2 * channels + c] = total.m2;
    }
  }
};

}  // namespace denovo::ops
