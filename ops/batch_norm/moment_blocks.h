// Moments of each channel as block kernels, for the GPU; the CPU suite runs the same phases. Slabs
// of rows are reduced apart, each with a shift of its own, and merged in a fixed order.
#pragma once

#include "core/kernels/moments.h"
#include "core/kernels/slab_sums.h"
#include "ops/batch_norm/valid_rows.h"

namespace denovo::ops {

/// [slab][count, mean, M2][c] of the valid rows of each slab; the first of them is its shift.
template <class T, int V>
struct SlabMoments : BlockKernel {
  using A = Compute<T>;
  static constexpr int kPhases = 2;
  struct Local {
    int64_t first_valid;  // row of the slab, its end when there is none
  };
  const T* x;
  ValidRows valid;
  SlabCut cut;  // of all rows as one sample
  double* moments;

  SlabMoments(const T* in, const ValidRows& v, const SlabCut& c, double* out)
      : x(in), valid(v), cut(c), moments(out) {}
  int64_t shared_bytes() const {
    return cut.row_threads * (2 * cut.lanes * V * static_cast<int64_t>(sizeof(A)) +
                              static_cast<int64_t>(sizeof(int64_t)));
  }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local& local) const {
    const int64_t slab = at.block / cut.num_chunks, begin = slab * cut.slab_rows;
    const int64_t end = begin + cut.slab_rows < cut.rows ? begin + cut.slab_rows : cut.rows;
    const int64_t first_channel = at.block % cut.num_chunks * cut.lanes * V;
    const int row_threads = cut.row_threads, width = cut.lanes * V;
    auto* counts = at.share<int64_t>();
    A* sums = reinterpret_cast<A*>(counts + row_threads);  // [2][row_threads][width]
    if constexpr (P == 0) {
      local.first_valid = valid.next(begin, end);
      const int lane = at.thread % cut.lanes, row_thread = at.thread / cut.lanes;
      const int64_t c = first_channel + int64_t{lane} * V;
      if (row_thread >= row_threads || c >= cut.channels) return;
      A sum[V] = {}, squares[V] = {};
      int64_t count = 0;
      auto shift = Pack<T, V>::fill(0);
      if (local.first_valid < end)
        shift = Pack<T, V>::load(x + local.first_valid * cut.channels + c);
      for (int64_t r = begin + row_thread; r < end; r += row_threads) {
        if (!valid(r)) continue;
        const auto value = Pack<T, V>::load(x + r * cut.channels + c);
        for (int v = 0; v < V; ++v) {
          add_shifted(value.v[v], shift.v[v], sum[v], squares[v]);
        }
        ++count;
      }
      for (int v = 0; v < V; ++v) {
        sums[row_thread * width + lane * V + v] = sum[v];
        sums[(row_threads + row_thread) * width + lane * V + v] = squares[v];
      }
      if (lane == 0) counts[row_thread] = count;
    } else {
      for (int column = at.thread; column < width; column += kThreads) {
        const int64_t c = first_channel + column;
        if (c >= cut.channels) continue;
        double sum = 0, squares = 0;
        int64_t count = 0;
        for (int r = 0; r < row_threads; ++r) {
          sum += static_cast<double>(sums[r * width + column]);
          squares += static_cast<double>(sums[(row_threads + r) * width + column]);
          count += counts[r];
        }
        const double shift =
            local.first_valid < end
                ? static_cast<double>(static_cast<A>(x[local.first_valid * cut.channels + c]))
                : 0;
        const auto m = Moments::from_shifted_sums(static_cast<double>(count), shift, sum, squares);
        double* out = moments + 3 * slab * cut.channels + c;
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
