// core/kernels/chunked_sum.h as block kernels, for the GPU: the same chunks, lanes and order of
// additions, hence the same bits. The CPU suite runs the same phases.
#pragma once

#include "core/kernels/kernel.h"
#include "core/kernels/sum_chunks.h"

namespace denovo {

/// partial[chunk] = the sum over a chunk. A thread adds one lane.
template <class Term>
struct ChunkSums : BlockKernel {
  // Small blocks: a loss of one chunk has no use for more, and many chunks spread evenly.
  static constexpr int kThreads = 64, kLanes = kSumLanes, kChunks = kThreads / kLanes;
  static constexpr int kPhases = 2;
  Term term;
  int64_t n;
  double* partial;

  ChunkSums(const Term& t, int64_t size, double* p) : term(t), n(size), partial(p) {}
  int64_t shared_bytes() const { return kThreads * static_cast<int64_t>(sizeof(double)); }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local&) const {
    const int64_t begin = (at.block * kChunks + at.thread / kLanes) * kSumChunk;
    const int64_t end = begin + kSumChunk < n ? begin + kSumChunk : n;
    const int lane = at.thread % kLanes;
    double* lanes = at.share<double>();
    if constexpr (P == 0) {
      // The terms of a batch are fetched together, then added one after the other.
      constexpr int kBatch = 16;
      double sum = 0;
      int64_t i = begin + lane;
      for (; i + (kBatch - 1) * kLanes < end; i += kBatch * kLanes) {
        double batch[kBatch];
        for (int b = 0; b < kBatch; ++b) batch[b] = term(i + b * kLanes);
        for (int b = 0; b < kBatch; ++b) sum += batch[b];
      }
      for (; i < end; i += kLanes) sum += term(i);
      lanes[at.thread] = sum;
    } else {
      if (lane > 0 || begin >= n) return;
      double sum = 0;
      for (int k = 0; k < kLanes; ++k) sum += lanes[at.thread + k];
      partial[begin / kSumChunk] = sum;
    }
  }
};

/// finish(sum of partial[0], partial[1], ...), in one block. One thread adds what all threads
/// fetch.
template <class Finish>
struct JoinChunks : BlockKernel {
  static constexpr int kLoopBegin = 0, kLoopEnd = 2, kPhases = 3;
  static constexpr int64_t kTile = 2048;
  struct Local {
    double sum = 0;
  };
  Finish finish;
  int64_t count;
  const double* partial;

  JoinChunks(const Finish& f, int64_t chunks, const double* p)
      : finish(f), count(chunks), partial(p) {}
  int64_t shared_bytes() const { return kTile * static_cast<int64_t>(sizeof(double)); }
  DENOVO_HD int64_t passes(int64_t /*block*/) const { return (count + kTile - 1) / kTile; }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local& local) const {
    const int64_t begin = at.pass * kTile, left = count - begin, size = left < kTile ? left : kTile;
    double* tile = at.share<double>();
    if constexpr (P == 0) {
      for (int64_t i = at.thread; i < size; i += kThreads) tile[i] = partial[begin + i];
    } else if constexpr (P == 1) {
      for (int64_t i = 0; i < size && at.thread == 0; ++i) local.sum += tile[i];
    } else {
      if (at.thread == 0) finish(local.sum);
    }
  }
};

/// finish(sum of term(i) over i in [0, n)) on the device.
template <class Term, class Finish>
void chunked_sum_blocks(Context& ctx, Device device, int64_t n, const Term& term,
                        const Finish& finish) {
  const int64_t chunks = (n + kSumChunk - 1) / kSumChunk;
  const Tensor partial = Tensor::empty({chunks}, DType::kF64, device);
  constexpr int64_t kPerBlock = ChunkSums<Term>::kChunks;
  parallel_phases(ctx, (chunks + kPerBlock - 1) / kPerBlock,
                  ChunkSums<Term>(term, n, partial.data<double>()));
  parallel_phases(ctx, 1, JoinChunks<Finish>(finish, chunks, partial.data<double>()));
}

}  // namespace denovo
