#include "ops/keypoint_targets/keypoint_targets.h"

#include <fmt/format.h>

#include "ops/keypoint_targets/keypoint_targets_kernels.h"

namespace denovo::ops {

KeypointTargets keypoint_targets(const Tensor& boxes, const Tensor& images, const Tensor& gt,
                                 const Tensor& classes, const Tensor& keypoints, int64_t size) {
  const DType dtype = boxes.dtype();
  if (boxes.rank() != 2 || boxes.size(1) != 4 || (dtype != DType::kF32 && dtype != DType::kF64))
    throw ShapeError(fmt::format("keypoint_targets: boxes must be f32 or f64 [R, 4], got {} {}",
                                 name(dtype), to_string(boxes.shape())));
  const Shape rows{boxes.size(0)};
  require_tensor("keypoint_targets", "images", images, DType::kI32, rows);
  require_tensor("keypoint_targets", "gt", gt, DType::kI32, rows);
  require_tensor("keypoint_targets", "classes", classes, DType::kI32, rows);
  if (keypoints.rank() != 4 || keypoints.size(3) != 3 || keypoints.dtype() != dtype)
    throw ShapeError(fmt::format("keypoint_targets: keypoints must be {} [N, G, J, 3], got {} {}",
                                 name(dtype), name(keypoints.dtype()),
                                 to_string(keypoints.shape())));
  if (size < 1)
    throw ShapeError(fmt::format("keypoint_targets: size must be positive, got {}", size));
  const KeypointTargets targets{
      Tensor::empty({boxes.size(0), keypoints.size(2)}, DType::kI32, boxes.device()),
      classes.empty_like()};
  with_backend(boxes.device(), [&](auto& ctx) {
    run(ctx, KeypointTargetsForward{boxes, images, gt, classes, keypoints, size, targets.places,
                                    targets.classes});
  });
  return targets;
}

}  // namespace denovo::ops
