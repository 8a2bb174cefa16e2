// The k best scores of each segment of each row: proposals per image and pyramid level.
#pragma once

#include <span>

#include "core/tensor/tensor.h"

namespace denovo::ops {

struct TopK {
  Tensor indices;  // i32 [N, K]: position in the row of scores, -1 in empty slots
  Tensor values;   // dtype of scores [N, K]: the scores there, -infinity in empty slots
};

/// A row of M scores consists of segments of the given sizes, one after the other. Each segment s
/// fills min(k, segment_sizes[s]) slots of the result, in the order of the segments:
///   K = sum_s min(k, segment_sizes[s])
/// Inside a segment the order is by descending score, equal scores by ascending index (-0 equals
/// +0).
///
/// Only finite scores are chosen. A segment that has fewer of them than slots leaves its last slots
/// empty; their value -infinity keeps them from being candidates of anything later.
///
///   scores         [N, M], floating point
///   segment_sizes  each >= 0, sum = M
///
/// No gradient. Throws ShapeError on another rank or dtype, segments that do not add up to M,
/// and k < 1.
TopK top_k(const Tensor& scores, std::span<const int64_t> segment_sizes, int64_t k);
inline TopK top_k(const Tensor& scores, std::initializer_list<int64_t> segment_sizes, int64_t k) {
  return top_k(scores, std::span(segment_sizes.begin(), segment_sizes.size()), k);
}

}  // namespace denovo::ops
