#include "ops/box_voting/box_voting.h"

#include <fmt/format.h>

#include "ops/box_voting/box_voting_kernels.h"

namespace denovo::ops {
namespace {

void check_boxes(const char* what, const Tensor& boxes) {
  const bool floating = boxes.dtype() == DType::kF32 || boxes.dtype() == DType::kF64;
  if (boxes.rank() != 3 || boxes.size(2) != 4 || !floating)
    throw ShapeError(fmt::format("vote_boxes: {} must be f32 or f64 [N, B, 4], got {} {}", what,
                                 name(boxes.dtype()), to_string(boxes.shape())));
}

}  // namespace

Tensor vote_boxes(const Tensor& kept, const Tensor& kept_classes, const Tensor& boxes,
                  const Tensor& scores, const Tensor& classes, double iou_threshold) {
  check_boxes("kept", kept);
  check_boxes("boxes", boxes);
  const Shape slots{kept.size(0), kept.size(1)}, rows{kept.size(0), boxes.size(1)};
  require_tensor("vote_boxes", "kept_classes", kept_classes, DType::kI32, slots);
  require_tensor("vote_boxes", "boxes", boxes, kept.dtype(), {rows[0], rows[1], 4});
  require_tensor("vote_boxes", "scores", scores, kept.dtype(), rows);
  require_tensor("vote_boxes", "classes", classes, DType::kI32, rows);
  for (const Tensor* other : {&kept_classes, &boxes, &scores, &classes})
    if (other->device() != kept.device())
      throw DeviceError(fmt::format("vote_boxes: all tensors must be on one device, got {} and {}",
                                    to_string(kept.device()), to_string(other->device())));
  if (!(iou_threshold >= 0 && iou_threshold <= 1))
    throw ShapeError(
        fmt::format("vote_boxes: iou_threshold must be in [0, 1], got {}", iou_threshold));
  const Tensor voted = kept.empty_like();
  with_backend(kept.device(), [&](auto& ctx) {
    run(ctx, VoteBoxes{kept, kept_classes, boxes, scores, classes, iou_threshold, voted});
  });
  return voted;
}

}  // namespace denovo::ops
