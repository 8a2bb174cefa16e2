// Sums over the rows of [N, rows, C] for each channel as block kernels, for the GPU; the CPU suite
// runs the same phases. Blocks reduce slabs of rows, then the slabs are joined. No atomics: sums
// have a fixed order.
#pragma once

#include <algorithm>

#include "core/kernels/kernel.h"

namespace denovo {

/// How [N, rows, C] is cut. A block reduces the rows of one slab for `lanes` neighbouring vectors
/// of `vector` channels; `row_threads` threads of each lane share the rows.
struct SlabCut {
  int64_t samples, rows, channels, slab_rows, num_slabs, num_chunks;
  int vector, lanes, row_threads;

  SlabCut(const Tensor& x, int widest_vector, int threads)
      : samples(x.size(0)), channels(x.size(-1)) {
    rows = samples == 0 ? 0 : x.numel() / (samples * channels);
    vector = channels % widest_vector == 0 ? widest_vector : 1;
    const int64_t vectors = channels / vector;
    lanes = static_cast<int>(std::min<int64_t>(vectors, threads));
    num_chunks = (vectors + lanes - 1) / lanes;
    // Enough blocks to fill a large GPU twice, and at least eight rows for each thread.
    constexpr int64_t kBlocksWanted = 1024, kRowsPerThread = 8;
    row_threads = threads / lanes;
    const int64_t slabs_wanted =
        std::max<int64_t>(1, kBlocksWanted / std::max<int64_t>(1, samples * num_chunks));
    slab_rows = std::max((rows + slabs_wanted - 1) / slabs_wanted, kRowsPerThread * row_threads);
    num_slabs = std::max<int64_t>(1, (rows + slab_rows - 1) / slab_rows);
  }
  /// All rows as one sample.
  static SlabCut of_one_sample(const Tensor& x, int widest_vector, int threads) {
    const int64_t channels = x.size(-1);
    return SlabCut(x.view({1, x.numel() / channels, channels}), widest_vector, threads);
  }
};

/// sums[n][slab][value][c], over the rows of a slab, of the Term::kValues values that a term makes
/// of an element. It has
///   template <int V> DENOVO_HD auto state(int64_t n, int64_t c) const;
///   template <int V> DENOVO_HD void add(const State& s, int64_t i, A (&totals)[kValues][V]) const;
/// state: what a thread keeps for channels c .. c + V - 1 of sample n; add: V elements from i on.
template <class Term, int V>
struct SlabSums : BlockKernel {
  using A = typename Term::A;
  static constexpr int kPhases = 2, kValues = Term::kValues;

  Term term;
  SlabCut cut;
  A* sums;

  SlabSums(const Term& t, const SlabCut& c, A* s) : term(t), cut(c), sums(s) {}
  int64_t shared_bytes() const {
    return int64_t{cut.row_threads} * cut.lanes * V * kValues * static_cast<int64_t>(sizeof(A));
  }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    const int64_t chunk = at.block % cut.num_chunks,
                  slab = at.block / cut.num_chunks % cut.num_slabs;
    const int64_t n = at.block / (cut.num_chunks * cut.num_slabs);
    const int64_t first_channel = chunk * cut.lanes * V;
    const int row_threads = cut.row_threads, width = cut.lanes * V;
    A* shared = at.share<A>();
    if constexpr (P == 0) {
      const int lane = at.thread % cut.lanes, row_thread = at.thread / cut.lanes;
      const int64_t c = first_channel + int64_t{lane} * V;
      if (row_thread >= row_threads || c >= cut.channels) return;
      A totals[kValues][V] = {};
      const auto state = term.template state<V>(n, c);
      const int64_t end =
          (slab + 1) * cut.slab_rows < cut.rows ? (slab + 1) * cut.slab_rows : cut.rows;
      for (int64_t r = slab * cut.slab_rows + row_thread; r < end; r += row_threads)
        term.template add<V>(state, (n * cut.rows + r) * cut.channels + c, totals);
      for (int value = 0; value < kValues; ++value) {
        A* row = shared + (value * row_threads + row_thread) * width + lane * V;
        for (int v = 0; v < V; ++v) row[v] = totals[value][v];
      }
    } else {
      for (int i = at.thread; i < kValues * width; i += kThreads) {
        const int value = i / width, column = i % width;
        const int64_t c = first_channel + column;
        if (c >= cut.channels) continue;
        A total = 0;
        for (int r = 0; r < row_threads; ++r)
          total += shared[(value * row_threads + r) * width + column];
        sums[((n * cut.num_slabs + slab) * kValues + value) * cut.channels + c] = total;
      }
    }
  }
};

/// The sums of all slabs.
template <class Term>
void slab_sums(Context& ctx, const Term& term, const SlabCut& cut, const Tensor& sums) {
  using A = typename Term::A;
  const int64_t blocks = cut.samples * cut.num_slabs * cut.num_chunks;
  if (cut.vector == 1) {
    parallel_phases(ctx, blocks, SlabSums<Term, 1>(term, cut, sums.data<A>()));
  } else {
    parallel_phases(ctx, blocks, SlabSums<Term, Term::kVector>(term, cut, sums.data<A>()));
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
