// Atomic updates of shared memory for block kernels (core/kernels/phases.h). Threads come in any
// order, so a kernel may keep only what does not depend on it. On the CPU the threads of a block
// run one after the other and need no atomics.
#pragma once

#include <cstdint>

#include "core/kernels/host_device.h"

namespace denovo {

/// Adds to a counter and returns what it held before.
DENOVO_HD uint32_t add_shared(uint32_t* counter, uint32_t value) {
#ifdef __CUDA_ARCH__
  return atomicAdd(counter, value);
#else
  const uint32_t before = *counter;
  *counter += value;
  return before;
#endif
}

/// Sets bits of a word.
DENOVO_HD void or_shared(uint64_t* word, uint64_t bits) {
#ifdef __CUDA_ARCH__
  atomicOr(reinterpret_cast<unsigned long long*>(word), bits);
#else
  *word |= bits;
#endif
}

}  // namespace denovo
