#include "detection/roi_heads/detections.h"

#include <algorithm>

#include "core/autograd/autograd.h"
#include "ops/compact/compact.h"
#include "ops/gather_rows/gather_rows.h"
#include "ops/nms/nms.h"

namespace denovo::detection {
namespace {

/// The first slots of each image, as many as the fullest image uses: on the CPU empty ones would
/// cost as much as detections (ops::usable_rows).
Tensor cut_slots(const Tensor& keep, const Tensor& counts) {
  const auto used = counts.to_vector<int32_t>();
  const int32_t most = used.empty() ? 0 : *std::max_element(used.begin(), used.end());
  const int64_t slots =
      ops::usable_rows(Tensor::from<int32_t>({1}, {most}, counts.device()), keep.size(1));
  const Tensor cut = Tensor::empty({keep.size(0), slots}, keep.dtype(), keep.device());
  for (int64_t n = 0; n < keep.size(0); ++n) {
    copy(cut.rows(n, n + 1), keep.rows(n, n + 1).view({keep.size(1)}).rows(0, slots));
  }
  return cut;
}

}  // namespace

Tensor images_of(const Tensor& counts, int64_t slots) {
  const auto used = counts.to_vector<int32_t>();
  std::vector<int32_t> images;
  for (size_t n = 0; n < used.size(); ++n) {
    for (int64_t p = 0; p < slots; ++p)
      images.push_back(p < used[n] ? static_cast<int32_t>(n) : -1);
  }
  return Tensor::from({static_cast<int64_t>(images.size())}, images, counts.device());
}

Detections best_detections(const ScoredBoxes& candidates, const TestConfig& config) {
  const NoGrad no_grad;
  const ops::NmsResult kept =
      ops::batched_nms(candidates.boxes, candidates.scores, candidates.classes, config.nms_iou,
                       config.detections_per_image);
  const Tensor keep = cut_slots(kept.keep, kept.counts);
  return {.boxes = ops::gather_rows(candidates.boxes, keep),
          .scores = ops::gather_rows(candidates.scores, keep),
          .classes = ops::gather_rows(candidates.classes, keep, -1),
          .counts = kept.counts,
          .masks = {}};
}

}  // namespace denovo::detection
