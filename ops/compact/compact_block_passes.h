// Compaction by one block, which walks over tiles of rows: lists of RoIs have a few thousand rows,
// one tile or two. Runs on the backend that core/kernels/kernel.h picks: the GPU's run, and on the
// CPU the test of the same phases.
#pragma once

#include "core/kernels/block_scan.h"
#include "core/kernels/kernel.h"
#include "ops/compact/compact_kernels.h"
#include "ops/compact/compact_math.h"

namespace denovo::ops::compact_blocks {

template <class T>
struct CompactRows : BlockKernel {
  static constexpr int kThreads = 1024, kRowsPerThread = 8;
  static constexpr int64_t kTile = kThreads * kRowsPerThread;
  static constexpr int kLoopBegin = 0, kLoopEnd = 3, kPhases = 4;
  using Scan = BlockScan<int32_t, kThreads>;
  /// The selected ones of the thread's rows as bits, and how many were selected in earlier tiles.
  struct Local {
    uint32_t selected = 0;
    int32_t end = 0;
  };
  const T* values;
  int64_t num_rows;
  RowPredicate predicate;
  int32_t *rows, *count;

  CompactRows(const T* v, int64_t n, RowPredicate p, int32_t* r, int32_t* c)
      : values(v), num_rows(n), predicate(p), rows(r), count(c) {}
  int64_t shared_bytes() const { return Scan::kBytes; }
  DENOVO_HD int64_t passes(int64_t /*block*/) const { return (num_rows + kTile - 1) / kTile; }

  template <int P>
  DENOVO_HD void phase(const PhasePoint& at, Local& local) const {
    const int64_t first = at.pass * kTile + int64_t{at.thread} * kRowsPerThread;
    const Scan scan{at.share<int32_t>()};
    if constexpr (P == 0) {
      local.selected = 0;
      int32_t selected = 0;
      for (int k = 0; k < kRowsPerThread && first + k < num_rows; ++k) {
        if (!predicate(static_cast<int32_t>(values[first + k]))) continue;
        local.selected |= uint32_t{1} << k;
        ++selected;
      }
      scan.put(at.thread, selected);
    } else if constexpr (P == 1) {
      scan.join(at.thread);
    } else if constexpr (P == 2) {
      int32_t* out = rows + local.end + scan.before(at.thread);
      for (int k = 0; k < kRowsPerThread; ++k)
        if (local.selected >> k & 1) *out++ = static_cast<int32_t>(first + k);
      local.end += scan.total();
    } else {
      for (int64_t r = local.end + at.thread; r < num_rows; r += kThreads) rows[r] = -1;
      if (at.thread == 0) *count = local.end;
    }
  }
};

inline void run(Context& ctx, const CompactForward& args) {
  const auto compact_rows = [&]<class T>(const T* values) {
    parallel_phases(
        ctx, 1,
        CompactRows<T>(values, args.values.numel(), {args.low, args.high, args.inverted},
                       args.rows.data<int32_t>(), args.count.data<int32_t>()));
  };
  // u8 and bool are both one byte, zero or not.
  args.values.dtype() == DType::kI32
      ? compact_rows(args.values.data<int32_t>())
      : compact_rows(reinterpret_cast<const uint8_t*>(args.values.raw()));
}

}  // namespace denovo::ops::compact_blocks
