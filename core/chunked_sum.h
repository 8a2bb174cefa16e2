// Sums on the CPU whose order of additions depends on the number of terms alone.
#pragma once

#include <algorithm>
#include <vector>

#include "core/backend.h"

namespace denovo {

/// sum of term(i) over i in [0, n), in double: kLanes interleaved sums in each chunk of fixed size,
/// then lanes, then chunks in order. The same bits on any number of threads.
template <class F>
double chunked_sum(CpuContext& ctx, int64_t n, const F& term) {
  constexpr int64_t kChunk = 8192;  // 32 KiB of f32: a chunk stays in the first-level cache
  constexpr int64_t kLanes = 16;    // four AVX2 registers of double hide the latency of addition
  const int64_t chunks = (n + kChunk - 1) / kChunk;
  std::vector<double> partial(static_cast<size_t>(chunks));
  const int threads = chunks < 2 ? 1 : ctx.num_threads();
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t begin = chunk * kChunk, end = std::min(n, begin + kChunk);
    const int64_t whole = begin + (end - begin) / kLanes * kLanes;
    double lanes[kLanes] = {};
    for (int64_t i = begin; i < whole; i += kLanes) {
      for (int64_t k = 0; k < kLanes; ++k) lanes[k] += term(i + k);
    }
    for (int64_t i = whole; i < end; ++i) lanes[i - whole] += term(i);
    double sum = 0;
    for (const double lane : lanes) sum += lane;
    partial[static_cast<size_t>(chunk)] = sum;
  }
  double sum = 0;
  for (const double value : partial) sum += value;
  return sum;
}

}  // namespace denovo
