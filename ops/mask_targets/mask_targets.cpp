#include "ops/mask_targets/mask_targets.h"

#include <fmt/format.h>

#include "ops/mask_targets/mask_targets_kernels.h"

namespace denovo::ops {
namespace {

/// i32 [images, at least `least`].
void expect_lists(const char* what, const Tensor& tensor, int64_t images, int64_t least) {
  if (tensor.dtype() != DType::kI32 || tensor.rank() != 2 || tensor.size(0) != images ||
      tensor.size(1) < least)
    throw ShapeError(fmt::format("mask_targets: {} must be i32 [{}, {} or more], got {} {}", what,
                                 images, least, name(tensor.dtype()), to_string(tensor.shape())));
}

void check(const Tensor& boxes, const Tensor& images, const Tensor& gt, const InstanceMasks& masks,
           int64_t size) {
  const DType dtype = boxes.dtype();
  if (boxes.rank() != 2 || boxes.size(1) != 4 || (dtype != DType::kF32 && dtype != DType::kF64))
    throw ShapeError(fmt::format("mask_targets: boxes must be f32 or f64 [R, 4], got {} {}",
                                 name(dtype), to_string(boxes.shape())));
  const Tensor& xy = masks.polygon_xy;
  if (xy.rank() != 3 || xy.size(2) != 2 || xy.dtype() != dtype)
    throw ShapeError(fmt::format("mask_targets: polygon_xy must be {} [N, V, 2], got {} {}",
                                 name(dtype), name(xy.dtype()), to_string(xy.shape())));
  require_tensor("mask_targets", "images", images, DType::kI32, {boxes.size(0)});
  require_tensor("mask_targets", "gt", gt, DType::kI32, {boxes.size(0)});
  const int64_t num_images = xy.size(0);
  expect_lists("polygon_starts", masks.polygon_starts, num_images, 1);
  expect_lists("instance_polygons", masks.instance_polygons, num_images, 1);
  if (masks.run_ends.defined()) {
    expect_lists("run_ends", masks.run_ends, num_images, 0);
    require_tensor("mask_targets", "instance_runs", masks.instance_runs, DType::kI32,
                   masks.instance_polygons.shape());
    require_tensor("mask_targets", "transforms", masks.transforms, DType::kF32, {num_images, 5});
    require_tensor("mask_targets", "original_sizes", masks.original_sizes, DType::kI32,
                   {num_images, 2});
  }
  if (size < 1 || size > 64)
    throw ShapeError(fmt::format("mask_targets: size must be 1 to 64, got {}", size));
}

}  // namespace

Tensor mask_targets(const Tensor& boxes, const Tensor& images, const Tensor& gt,
                    const InstanceMasks& masks, int64_t size) {
  check(boxes, images, gt, masks, size);
  Tensor targets = Tensor::empty({boxes.size(0), size, size}, DType::kU8, boxes.device());
  with_backend(boxes.device(), [&](auto& ctx) {
    run(ctx, MaskTargetsForward{boxes, images, gt, masks, targets});
  });
  return targets;
}

}  // namespace denovo::ops
