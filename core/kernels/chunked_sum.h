// Sums on the CPU whose order of additions depends on the number of terms alone.
#pragma once

#include <algorithm>
#include <vector>

#include "core/kernels/backend.h"
#include "core/kernels/sum_chunks.h"

namespace denovo {

/// sum of term(i) over i in [0, n), in double, cut as core/kernels/sum_chunks.h says. The same bits
/// on any number of threads.
template <class F>
double chunked_sum(CpuContext& ctx, int64_t n, const F& term) {
  const int64_t chunks = (n + kSumChunk - 1) / kSumChunk;
  std::vector<double> partial(static_cast<size_t>(chunks));
  const int threads = chunks < 2 ? 1 : ctx.num_threads();
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t begin = chunk * kSumChunk, end = std::min(n, begin + kSumChunk);
    const int64_t whole = begin + (end - begin) / kSumLanes * kSumLanes;
    double lanes[kSumLanes] = {};
    for (int64_t i = begin; i < whole; i += kSumLanes) {
      for (int64_t k = 0; k < kSumLanes; ++k) lanes[k] += term(i + k);
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
