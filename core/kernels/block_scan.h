// Sums over the threads of a block, for block kernels (core/kernels/phases.h).
#pragma once

#include "core/kernels/phases.h"

namespace denovo {

/// Prefix sums of one value of each thread, with a barrier after put and one after join. Runs of
/// threads are summed first, so that no thread adds more than two short rows.
template <class T, int kThreads>
struct BlockScan {
  static constexpr int kRun = kThreads > 256 ? 32 : 16, kRuns = kThreads / kRun;
  static constexpr int64_t kBytes = (kThreads + kRuns) * static_cast<int64_t>(sizeof(T));
  static_assert(kThreads % kRun == 0);
  T* values;  // shared memory of kBytes

  DENOVO_HD void put(int thread, T value) const { values[thread] = value; }
  DENOVO_HD void join(int thread) const {
    if (thread < kRuns) values[kThreads + thread] = sum(thread * kRun, (thread + 1) * kRun);
  }
  /// Sum over the threads before this one.
  DENOVO_HD T before(int thread) const {
    const int run = thread / kRun;
    return sum(kThreads, kThreads + run) + sum(run * kRun, thread);
  }
  DENOVO_HD T total() const { return sum(kThreads, kThreads + kRuns); }

 private:
  DENOVO_HD T sum(int begin, int end) const {
    T result = 0;
    for (int i = begin; i < end; ++i) result += values[i];
    return result;
  }
};

}  // namespace denovo
