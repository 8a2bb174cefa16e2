#include "ops/mask_classes/mask_classes.h"

#include <fmt/format.h>

#include "ops/mask_classes/mask_classes_kernels.h"

namespace denovo::ops {

Tensor mask_classes(const Tensor& classes, const Tensor& images, const Tensor& gt,
                    const InstanceMasks& masks) {
  if (classes.rank() != 1)
    throw ShapeError(
        fmt::format("mask_classes: classes must be [R], got {}", to_string(classes.shape())));
  require_tensor("mask_classes", "classes", classes, DType::kI32, classes.shape());
  require_tensor("mask_classes", "images", images, DType::kI32, classes.shape());
  require_tensor("mask_classes", "gt", gt, DType::kI32, classes.shape());
  const Tensor& polygons = masks.instance_polygons;
  if (polygons.rank() != 2 || polygons.size(1) < 1)
    throw ShapeError(fmt::format("mask_classes: instance_polygons must be [N, G + 1], got {}",
                                 to_string(polygons.shape())));
  require_tensor("mask_classes", "instance_polygons", polygons, DType::kI32, polygons.shape());
  if (masks.run_ends.defined())
    require_tensor("mask_classes", "instance_runs", masks.instance_runs, DType::kI32,
                   polygons.shape());
  const Tensor result = classes.empty_like();
  with_backend(classes.device(), [&](auto& ctx) {
    run(ctx, MaskClasses{classes, images, gt, masks, result});
  });
  return result;
}

}  // namespace denovo::ops
