// Block kernels, for algorithms in which threads must wait for each other (reductions, scans,
// ordered gathers). A block kernel is a struct cut into phases: phase<P>(at, local) is what one
// thread does between two barriers. core/cuda/launch.cuh runs the phases of a block on the threads
// of a block; core/kernels/parallel.h runs the same phases one thread after the other, so that the
// CPU suite proves the arithmetic, the indices and the hand-over between phases that the GPU
// executes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/kernels/host_device.h"

namespace denovo {

/// Which thread of which block runs, and the block's shared memory.
struct PhasePoint {
  int64_t block;
  int thread;
  int64_t pass;       // of the loop, see BlockKernel
  std::byte* shared;  // shared_bytes(), 16-byte aligned, uninitialised

  /// Shared memory as T, from a byte offset on.
  template <class T>
  DENOVO_HD T* share(int64_t offset = 0) const {
    return reinterpret_cast<T*>(shared + offset);
  }
};

/// Base of block kernels: what they need not define. A kernel F has
///   static constexpr int kPhases;
///   template <int P> DENOVO_HD void phase(const PhasePoint& at, Local& local) const;
/// All threads pass all barriers: a thread without work returns from its phase, nothing more.
struct BlockKernel {
  static constexpr int kThreads = 256;
  /// Phases [kLoopBegin, kLoopEnd) are repeated passes(block) times, the others run once.
  static constexpr int kLoopBegin = 0, kLoopEnd = 0;
  /// What a thread keeps from phase to phase: registers on the GPU. Default-initialised.
  struct Local {};
  DENOVO_HD int64_t passes(int64_t /*block*/) const { return 1; }
  int64_t shared_bytes() const { return 0; }
};

}  // namespace denovo
