// Counting in bit masks, on the host and the device.
#pragma once

#include <bit>
#include <cstdint>

#include "core/kernels/host_device.h"

namespace denovo {

DENOVO_HD int count_bits(uint64_t mask) {
#ifdef __CUDA_ARCH__
  return __popcll(mask);
#else
  return std::popcount(mask);
#endif
}
DENOVO_HD int count_bits(uint32_t mask) {
#ifdef __CUDA_ARCH__
  return __popc(mask);
#else
  return std::popcount(mask);
#endif
}

/// Position of the lowest bit that is set; mask != 0.
DENOVO_HD int lowest_bit(uint64_t mask) {
#ifdef __CUDA_ARCH__
  return __ffsll(static_cast<long long>(mask)) - 1;
#else
  return std::countr_zero(mask);
#endif
}
DENOVO_HD int lowest_bit(uint32_t mask) {
#ifdef __CUDA_ARCH__
  return __ffs(static_cast<int>(mask)) - 1;
#else
  return std::countr_zero(mask);
#endif
}

}  // namespace denovo
