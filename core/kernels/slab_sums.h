// Sums over the rows of [N, rows, C] for each channel as block kernels, for the GPU; the CPU suite
// runs the same phases. Blocks reduce slabs of rows, then the slabs are joined. No atomics: sums
// have a fixed order.
#pragma once

#include "core/kernels/slab_cut.h"

namespace denovo {

/// What a block makes of a slab, for the kernels that go on with it. A term has, with A the type of
/// sums, kValues values that it makes of an element, and for V neighbouring channels,
///   static constexpr int kVector, kValues, kBatch;   // kBatch: as in slab_maps.h
///   template <int V> DENOVO_HD auto state(const SlabPlace& p) const;
///   template <int V> DENOVO_HD auto load(uint32_t i) const;
///   template <int V> DENOVO_HD void add(const S& state, const I& loaded, uint32_t i,
///                                       A (&totals)[kValues][V]) const;
/// state: what a thread keeps for its channels.
template <class Term, int V>
struct BlockSums {
  using A = typename Term::A;
  static constexpr int kValues = Term::kValues;

  DENOVO_HD static int64_t shared_bytes(const SlabCut& cut) {
    return int64_t{cut.row_threads} * cut.lanes * V * kValues * static_cast<int64_t>(sizeof(A));
  }
  /// Where the columns of shared memory stand: neighbouring lanes side by side, so that their
  /// stores go to different banks.
  DENOVO_HD static int channel_of(const SlabCut& cut, int column) {
    return column % cut.lanes * V + column / cut.lanes;
  }
  /// A thread's rows, into shared[value][row_thread][column].
  DENOVO_HD static void add_rows(const Term& term, const SlabCut& cut, const SlabPlace& p,
                                 A* shared) {
    if (p.row_thread >= cut.row_threads || p.channel >= cut.channels) return;
    A totals[kValues][V] = {};
    if (p.count > 0) {
      const auto state = term.template state<V>(p);
      walk_rows<Term::kBatch>(
          cut, p, [&](uint32_t i) { return term.template load<V>(i); },
          [&](const auto& in, uint32_t i) { term.template add<V>(state, in, i, totals); });
    }
    const int width = cut.lanes * V;
    for (int value = 0; value < kValues; ++value) {
      A* row = shared + (value * cut.row_threads + p.row_thread) * width + p.lane;
      for (int v = 0; v < V; ++v) row[v * cut.lanes] = totals[value][v];
    }
  }
  /// The sum of a column over row threads, in their order and in S.
  template <class S = A>
  DENOVO_HD static S sum(const SlabCut& cut, const A* shared, int value, int column) {
    const int width = cut.lanes * V;
    S total = 0;
    for (int r = 0; r < cut.row_threads; ++r)
      total += static_cast<S>(shared[(value * cut.row_threads + r) * width + column]);
    return total;
  }
};

/// sums[n][slab][value][c], over the rows of a slab.
template <class Term, int V>
struct SlabSums : BlockKernel {
  using A = typename Term::A;
  using Sums = BlockSums<Term, V>;
  static constexpr int kPhases = 2, kValues = Term::kValues;

  Term term;
  SlabCut cut;
  A* sums;

  SlabSums(const Term& t, const SlabCut& c, A* s) : term(t), cut(c), sums(s) {}
  int64_t shared_bytes() const { return Sums::shared_bytes(cut); }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    const auto p = SlabPlace::of<V>(cut, at);
    A* shared = at.share<A>();
    if constexpr (P == 0) {
      Sums::add_rows(term, cut, p, shared);
    } else {
      const int width = cut.lanes * V;
      for (int i = at.thread; i < kValues * width; i += kThreads) {
        const int value = i / width, column = i % width;
        const int64_t c = p.first_channel + Sums::channel_of(cut, column);
        if (c >= cut.channels) continue;
        sums[((p.sample * cut.num_slabs + p.slab) * kValues + value) * cut.channels + c] =
            Sums::sum(cut, shared, value, column);
      }
    }
  }
};

/// The cut of a term's sums.
template <class Term>
SlabCut cut_for_sums(int64_t samples, int64_t rows, int64_t channels) {
  return SlabCut::for_sums(samples, rows, channels, Term::kVector,
                           Term::kValues * static_cast<int64_t>(sizeof(typename Term::A)),
                           16 / Term::kVector);
}

/// The sums of all slabs.
template <class Term>
void slab_sums(Context& ctx, const Term& term, const SlabCut& cut, const Tensor& sums) {
  using A = typename Term::A;
  if (cut.vector == 1) {
    parallel_phases(ctx, cut.blocks(), SlabSums<Term, 1>(term, cut, sums.data<A>()));
  } else {
    parallel_phases(ctx, cut.blocks(), SlabSums<Term, Term::kVector>(term, cut, sums.data<A>()));
  }
}

/// target[c] = beta * target[c] + sum over n of values[n][c], in f64; n is a slab or a sample. A
/// block takes kColumns channels: few when there are many n, because a thread adds those that lie
/// kThreads / kColumns apart.
template <class A, class W, int kColumns = 32>
struct JoinSums : BlockKernel {
  static constexpr int kPhases = 2, kRowThreads = kThreads / kColumns;
  const A* values;
  W* target;
  int64_t count, channels;
  bool accumulate;

  JoinSums(const A* v, W* t, int64_t n, int64_t c, bool add)
      : values(v), target(t), count(n), channels(c), accumulate(add) {}
  static int64_t blocks(int64_t channels) { return (channels + kColumns - 1) / kColumns; }
  int64_t shared_bytes() const { return kThreads * static_cast<int64_t>(sizeof(double)); }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    const int column = at.thread % kColumns, row = at.thread / kColumns;
    const int64_t c = at.block * kColumns + column;
    double* shared = at.share<double>();
    if constexpr (P == 0) {
      double total = 0;
      for (int64_t n = row; n < count && c < channels; n += kRowThreads)
        total += static_cast<double>(values[n * channels + c]);
      shared[at.thread] = total;
    } else {
      if (row > 0 || c >= channels) return;
      double total = accumulate ? static_cast<double>(static_cast<Compute<W>>(target[c])) : 0;
      for (int r = 0; r < kRowThreads; ++r) total += shared[r * kColumns + column];
      target[c] = static_cast<W>(static_cast<Compute<W>>(total));
    }
  }
};

}  // namespace denovo
