#include "ops/detection_candidates/detection_candidates.h"

#include <fmt/format.h>

#include "ops/detection_candidates/detection_candidates_kernels.h"

namespace denovo::ops {

DetectionCandidates detection_candidates(const Tensor& probabilities, const Tensor& counts,
                                         double score_threshold) {
  if (probabilities.rank() != 2 || counts.rank() != 1 || counts.size(0) == 0 ||
      probabilities.size(0) % counts.size(0) != 0) {
    throw ShapeError(fmt::format(
        "detection_candidates: expected probabilities [N * P, K + 1] and counts [N], got {} and {}",
        to_string(probabilities.shape()), to_string(counts.shape())));
  }
  const Shape shape{counts.size(0),
                    probabilities.size(0) / counts.size(0) * (probabilities.size(1) - 1)};
  const DetectionCandidates result{
      Tensor::empty(shape, probabilities.dtype(), probabilities.device()),
      Tensor::empty(shape, DType::kI32, probabilities.device())};
  with_backend(probabilities.device(), [&](auto& ctx) {
    run(ctx, DetectionCandidatesArgs{probabilities, counts, result.scores, result.groups,
                                     score_threshold});
  });
  return result;
}

}  // namespace denovo::ops
