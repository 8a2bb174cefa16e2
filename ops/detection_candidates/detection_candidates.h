// What non-maximum suppression over classes chooses from at test time.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

struct DetectionCandidates {
  Tensor scores;  // [N, P * K]: probability of class k for proposal p at index p * K + k
  Tensor groups;  // [N, P * K] i32: k where the score exceeds the threshold, -1 elsewhere
};

/// Splits class probabilities into candidates per proposal and class.
///
///   probabilities  [N * P, K + 1]  f32 or f64, background last
///   counts         [N]             i32, proposals in use
///
/// No gradient. Throws ShapeError when rows are not a multiple of the number of images.
DetectionCandidates detection_candidates(const Tensor& probabilities, const Tensor& counts,
                                         double score_threshold);

}  // namespace denovo::ops
