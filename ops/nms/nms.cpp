#include "ops/nms/nms.h"

#include <fmt/format.h>

#include <limits>

#include "ops/nms/nms_kernels.h"

namespace denovo::ops {
namespace {

void check(const Tensor& boxes, const Tensor& scores, const Tensor& groups, double iou_threshold,
           int64_t max_output) {
  const bool floating = boxes.dtype() == DType::kF32 || boxes.dtype() == DType::kF64;
  if (boxes.rank() != 3 || boxes.size(2) != 4 || !floating)
    throw ShapeError(fmt::format("batched_nms: boxes must be f32 or f64 [N, B, 4], got {} {}",
                                 name(boxes.dtype()), to_string(boxes.shape())));
  const Shape rows{boxes.size(0), boxes.size(1)};
  if (boxes.size(1) > std::numeric_limits<int32_t>::max())
    throw ShapeError(fmt::format("batched_nms: an image must have fewer than 2^31 boxes, got {}",
                                 boxes.size(1)));
  require_tensor("batched_nms", "scores", scores, boxes.dtype(), rows);
  require_tensor("batched_nms", "groups", groups, DType::kI32, rows);
  if (scores.device() != boxes.device() || groups.device() != boxes.device())
    throw DeviceError(fmt::format(
        "batched_nms: boxes, scores and groups must be on one device, "
        "got {}, {} and {}",
        to_string(boxes.device()), to_string(scores.device()), to_string(groups.device())));
  if (!(iou_threshold >= 0 && iou_threshold <= 1))
    throw ShapeError(
        fmt::format("batched_nms: iou_threshold must be in [0, 1], got {}", iou_threshold));
  if (max_output < 1)
    throw ShapeError(fmt::format("batched_nms: max_output must be at least 1, got {}", max_output));
}

}  // namespace

NmsResult batched_nms(const Tensor& boxes, const Tensor& scores, const Tensor& groups,
                      double iou_threshold, int64_t max_output) {
  check(boxes, scores, groups, iou_threshold, max_output);
  const int64_t images = boxes.size(0);
  NmsResult result{Tensor::empty({images, max_output}, DType::kI32, boxes.device()),
                   Tensor::empty({images}, DType::kI32, boxes.device())};
  with_backend(boxes.device(), [&](auto& ctx) {
    run(ctx, NmsForward{boxes, scores, groups, iou_threshold, result.keep, result.counts});
  });
  return result;
}

}  // namespace denovo::ops
