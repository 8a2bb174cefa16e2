#include "ops/top_k/top_k.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "ops/top_k/top_k_kernels.h"

namespace denovo::ops {
namespace {

void check(const Tensor& scores, std::span<const int64_t> segment_sizes, int64_t k) {
  if (scores.rank() != 2 || !is_floating(scores.dtype()))
    throw ShapeError(fmt::format("top_k: scores must be floating point [N, M], got {} {}",
                                 name(scores.dtype()), to_string(scores.shape())));
  if (scores.size(1) > std::numeric_limits<int32_t>::max())
    throw ShapeError(
        fmt::format("top_k: a row must have fewer than 2^31 scores, got {}", scores.size(1)));
  if (k < 1) throw ShapeError(fmt::format("top_k: k must be at least 1, got {}", k));
  int64_t sum = 0;
  bool negative = false;
  for (const int64_t size : segment_sizes) {
    negative |= size < 0;
    sum += size;
  }
  if (negative || sum != scores.size(1))
    throw ShapeError(
        fmt::format("top_k: segment_sizes must be non-negative and add up to M = {}, got [{}]",
                    scores.size(1), fmt::join(segment_sizes, ", ")));
}

}  // namespace

TopK top_k(const Tensor& scores, std::span<const int64_t> segment_sizes, int64_t k) {
  check(scores, segment_sizes, k);
  std::vector<TopKSegment> segments;
  int64_t begin = 0, slot = 0;
  for (const int64_t size : segment_sizes) {
    const int64_t slots = std::min(k, size);
    segments.push_back({begin, size, slot, slots});
    begin += size;
    slot += slots;
  }
  const Shape shape{scores.size(0), slot};
  TopK top{Tensor::empty(shape, DType::kI32, scores.device()),
           Tensor::empty(shape, scores.dtype(), scores.device())};
  with_backend(scores.device(), [&](auto& ctx) {
    run(ctx, TopKForward{scores, segments, top.indices, top.values});
  });
  return top;
}

}  // namespace denovo::ops
