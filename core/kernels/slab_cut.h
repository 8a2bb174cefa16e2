// How the block kernels of the GPU cut [N, rows, C]: a thread keeps to 16 bytes of channels and
// walks down the rows of a slab, so that what belongs to channels stays in its registers.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/error.h"
#include "core/kernels/divisor.h"
#include "core/kernels/kernel.h"

namespace denovo {

/// A block takes `lanes` neighbouring vectors of `vector` channels (a chunk) of the rows of one
/// slab; row_threads threads of each lane share the rows. A warp reads 512 neighbouring bytes.
struct SlabCut {
  static constexpr int kThreads = BlockKernel::kThreads, kWidestChunk = 32;
  int64_t samples, rows, channels;
  int vector, lanes, row_threads, num_chunks;
  int64_t slab_rows = 1, num_slabs = 1;  // of a sample
  uint32_t step;                         // elements from one of a thread's rows to the next
  Divisor by_lanes, by_row_threads, by_chunks, by_slabs;

  /// Throws ShapeError when there are 2^32 elements or more: they are counted in 32 bits, which is
  /// one instruction for an address instead of six.
  SlabCut(int64_t n, int64_t r, int64_t c, int widest_vector)
      : samples(n), rows(r), channels(c), vector(c % widest_vector == 0 ? widest_vector : 1) {
    if (n * r * c >= int64_t{1} << 32) {
      throw ShapeError("slabs: a tensor must have fewer than 2^32 elements, got " +
                       to_string(Shape{n, r, c}));
    }
    const int64_t vectors = std::max<int64_t>(channels / vector, 1);
    num_chunks = static_cast<int>((vectors + kWidestChunk - 1) / kWidestChunk);
    lanes = static_cast<int>((vectors + num_chunks - 1) / num_chunks);
    row_threads = kThreads / lanes;
    step = static_cast<uint32_t>(row_threads * channels);
    by_lanes = Divisor(lanes);
    by_row_threads = Divisor(row_threads);
    by_chunks = Divisor(num_chunks);
  }

  /// For sums: depends on the shape alone, so that every GPU adds in the same order. sum_bytes:
  /// what a slab writes for each channel; at most a sixteenth of what it reads, value_bytes an
  /// element.
  static SlabCut for_sums(int64_t n, int64_t r, int64_t c, int widest_vector, int64_t sum_bytes,
                          int64_t value_bytes) {
    // About as many blocks as a large GPU holds at once, and eight rows for each thread.
    constexpr int64_t kBlocks = 640, kRowsPerThread = 8, kShare = 16;
    SlabCut cut(n, r, c, widest_vector);
    const int64_t wanted = std::max<int64_t>(1, kBlocks / std::max<int64_t>(1, n * cut.num_chunks));
    return cut.with_slab_rows(std::max({(r + wanted - 1) / wanted, kRowsPerThread * cut.row_threads,
                                        (kShare * sum_bytes + value_bytes - 1) / value_bytes}));
  }
  /// For maps, whose values do not depend on the cut: several times the blocks that the GPU holds,
  /// so that no few of them are left at the end, each long enough to be worth its coefficients.
  static SlabCut for_maps(int64_t n, int64_t r, int64_t c, int widest_vector,
                          int64_t resident_blocks) {
    constexpr int64_t kWaves = 4, kRowsPerThread = 4;
    SlabCut cut(n, r, c, widest_vector);
    const int64_t wanted =
        std::max<int64_t>(1, kWaves * resident_blocks / std::max<int64_t>(1, n * cut.num_chunks));
    return cut.with_slab_rows(
        std::max((r + wanted - 1) / wanted, kRowsPerThread * cut.row_threads));
  }
  /// All rows of a sample in one slab.
  static SlabCut of_whole_samples(int64_t n, int64_t r, int64_t c, int widest_vector) {
    return SlabCut(n, r, c, widest_vector).with_slab_rows(std::max<int64_t>(r, 1));
  }

  DENOVO_HD int64_t blocks() const { return samples * num_slabs * num_chunks; }
  DENOVO_HD int chunk_channels() const { return lanes * vector; }

 private:
  SlabCut with_slab_rows(int64_t wanted) {
    slab_rows = wanted;
    num_slabs = std::max<int64_t>(1, (rows + slab_rows - 1) / slab_rows);
    by_slabs = Divisor(num_slabs);
    return *this;
  }
};

/// Where a thread of a block works.
struct SlabPlace {
  int lane, row_thread, rows;  // rows: of the slab
  uint32_t slab, sample;
  uint32_t channel, first_channel;  // the thread's first, and the block's
  uint32_t top, first;  // elements at that channel: in the slab's first row, in the thread's
  uint32_t count;       // its rows; 0 for a thread without work

  template <int V>
  DENOVO_HD static SlabPlace of(const SlabCut& cut, const PhasePoint& at) {
    SlabPlace p;
    const auto slab_rows = static_cast<uint32_t>(cut.slab_rows),
               rows = static_cast<uint32_t>(cut.rows),
               channels = static_cast<uint32_t>(cut.channels);
    auto chunk = static_cast<uint32_t>(at.block), lane = static_cast<uint32_t>(at.thread);
    p.slab = cut.by_chunks.divide(chunk);
    p.sample = cut.by_slabs.divide(p.slab);
    const uint32_t row = cut.by_lanes.divide(lane);
    p.row_thread = static_cast<int>(row);
    p.lane = static_cast<int>(lane);
    p.first_channel = chunk * static_cast<uint32_t>(cut.lanes) * V;
    p.channel = p.first_channel + lane * V;
    const uint32_t begin = p.slab * slab_rows, left = rows - begin,
                   here = left < slab_rows ? left : slab_rows;
    p.rows = static_cast<int>(here);
    const bool works = p.row_thread < cut.row_threads && p.channel < channels && row < here;
    p.top = (p.sample * rows + begin) * channels + p.channel;
    p.first = p.top + row * channels;
    p.count =
        works ? cut.by_row_threads.quotient(here - row + static_cast<uint32_t>(cut.row_threads) - 1)
              : 0;
    return p;
  }
};

/// take(in, i) for each of a thread's rows in their order, in = load(i). The loads of kBatch rows
/// are under way together: no store of take() stands between them.
template <int kBatch, class Load, class Take>
DENOVO_HD void walk_rows(const SlabCut& cut, const SlabPlace& p, const Load& load,
                         const Take& take) {
  const uint32_t step = cut.step, batches = p.count / kBatch;
  uint32_t i = p.first;
  // Up to an index, which is one instruction less than a count beside it. Indices may wrap around.
  const uint32_t end = p.first + batches * (kBatch * step);
  DENOVO_ROLLED
  for (; i != end; i += kBatch * step) {
    decltype(load(i)) in[kBatch];
    for (uint32_t b = 0; b < kBatch; ++b) in[b] = load(i + b * step);
    for (uint32_t b = 0; b < kBatch; ++b) take(in[b], i + b * step);
  }
  if constexpr (kBatch > 1) {
    DENOVO_ROLLED
    for (uint32_t left = p.count % kBatch; left > 0; --left, i += step) take(load(i), i);
  }
}

}  // namespace denovo
