// The cut of long sums: kSumLanes interleaved sums in each chunk of kSumChunk terms, then lanes,
// then chunks in order. It depends on the number of terms alone; the CPU
// (core/kernels/chunked_sum.h) and the GPU (core/kernels/chunked_sum_blocks.h) add in this order
// and get the same bits.
#pragma once

#include <cstdint>

namespace denovo {

inline constexpr int64_t kSumChunk = 8192;  // 32 KiB of f32 stay in the first-level cache
inline constexpr int64_t kSumLanes = 16;    // four AVX2 registers hide the latency of addition

}  // namespace denovo
