#include "ops/append_ground_truth/append_ground_truth.h"

#include <fmt/format.h>

#include "ops/append_ground_truth/append_ground_truth_kernels.h"

namespace denovo::ops {

RoiCandidates append_ground_truth(const Tensor& proposals, const Tensor& counts,
                                  const Tensor& gt_boxes, const Tensor& gt_classes) {
  const bool fits = proposals.rank() == 3 && gt_boxes.rank() == 3 && proposals.size(2) == 4 &&
                    gt_boxes.size(2) == 4 && gt_boxes.size(0) == proposals.size(0) &&
                    gt_boxes.dtype() == proposals.dtype();
  if (!fits || counts.shape() != Shape{proposals.size(0)} ||
      gt_classes.shape() != Shape{gt_boxes.size(0), gt_boxes.size(1)}) {
    throw ShapeError(
        fmt::format("append_ground_truth: expected proposals [N, P, 4], counts [N], gt_boxes [N, "
                    "G, 4], gt_classes [N, G], got {}, {}, {}, {}",
                    to_string(proposals.shape()), to_string(counts.shape()),
                    to_string(gt_boxes.shape()), to_string(gt_classes.shape())));
  }
  const Shape slots{proposals.size(0), proposals.size(1) + gt_boxes.size(1)};
  const RoiCandidates result{
      Tensor::empty({slots[0], slots[1], 4}, proposals.dtype(), proposals.device()),
      Tensor::empty(slots, DType::kI32, proposals.device())};
  with_backend(proposals.device(), [&](auto& ctx) {
    run(ctx,
        AppendGroundTruth{proposals, counts, gt_boxes, gt_classes, result.boxes, result.valid});
  });
  return result;
}

}  // namespace denovo::ops
