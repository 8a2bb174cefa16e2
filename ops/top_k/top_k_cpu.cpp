// Radix select: a histogram of the leading key bits finds the bin in which the last of the best
// lies, then only scores up to that bin are collected and ordered.
#include <algorithm>
#include <limits>
#include <vector>

#include "core/kernels/parallel.h"
#include "ops/ranking/rank_sort.h"
#include "ops/top_k/top_k_kernels.h"

namespace denovo::ops {
namespace {

// Sign, exponent and the first four mantissa bits of an f32: bins within one or two cache levels.
constexpr int kBinBits = 13;
constexpr int64_t kSmallSegment = 4096;  // below, clearing the histogram costs more than it saves

template <class T>
uint32_t bin_of(T score) {
  const auto key = descending_key(static_cast<Compute<T>>(score));
  return static_cast<uint32_t>(key >> (8 * sizeof key - kBinBits));
}

/// The last bin that a score among the best `slots` can lie in.
template <class T>
uint32_t last_bin(const T* scores, const TopKSegment& segment) {
  constexpr uint32_t kBins = 1u << kBinBits;
  if (segment.size < kSmallSegment) return kBins - 1;
  std::vector<uint32_t> counts(kBins, 0);
  for (int64_t i = 0; i < segment.size; ++i)
    counts[bin_of(scores[i])] += is_finite(Compute<T>(scores[i]));
  int64_t sum = 0;
  uint32_t bin = 0;
  while (bin < kBins - 1 && (sum += counts[bin]) < segment.slots) ++bin;
  return bin;
}

template <class T>
void select_segment(const T* scores, const TopKSegment& segment, int32_t* indices, T* values) {
  const uint32_t bin = last_bin(scores, segment);
  std::vector<Rank<T>> ranks;
  for (int64_t i = 0; i < segment.size; ++i)
    if (is_finite(Compute<T>(scores[i])) && bin_of(scores[i]) <= bin)
      ranks.push_back(rank_of(scores[i], static_cast<uint32_t>(i)));
  if (static_cast<int64_t>(ranks.size()) > segment.slots) {
    std::nth_element(ranks.begin(), ranks.begin() + segment.slots, ranks.end());
    ranks.resize(segment.slots);
  }
  std::sort(ranks.begin(), ranks.end());
  for (int64_t i = 0; i < segment.slots; ++i) {
    const bool found = i < static_cast<int64_t>(ranks.size());
    const uint32_t index = found ? index_of(ranks[i]) : 0;
    indices[i] = found ? static_cast<int32_t>(segment.begin + index) : -1;
    values[i] = found ? scores[index] : static_cast<T>(-std::numeric_limits<float>::infinity());
  }
}

}  // namespace

void run(CpuContext& ctx, const TopKForward& args) {
  const int64_t rows = args.scores.size(0), length = args.scores.size(1);
  const int64_t slots = args.indices.size(1), num_segments = std::ssize(args.segments);
  const int threads = rows * length < kSerialGrain ? 1 : ctx.num_threads();
  dispatch_floating(args.scores.dtype(), [&]<class T>() {
    const T* scores = args.scores.data<T>();
    int32_t* indices = args.indices.data<int32_t>();
    T* values = args.values.data<T>();
    // Dynamic: segments differ by factors of four, and their results do not depend on the thread.
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1)
    for (int64_t block = 0; block < rows * num_segments; ++block) {
      const int64_t row = block / num_segments;
      const TopKSegment& segment = args.segments[block % num_segments];
      select_segment(scores + row * length + segment.begin, segment,
                     indices + row * slots + segment.slot, values + row * slots + segment.slot);
    }
  });
}

}  // namespace denovo::ops
