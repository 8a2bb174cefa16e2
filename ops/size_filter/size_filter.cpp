#include "ops/size_filter/size_filter.h"

#include <fmt/format.h>

#include "ops/size_filter/size_filter_kernels.h"

namespace denovo::ops {

Tensor size_filter(const Tensor& boxes, const Tensor& groups, double min_size) {
  if (boxes.rank() != 3 || boxes.size(2) != 4 || groups.shape() != Shape{boxes.size(1)} ||
      groups.dtype() != DType::kI32) {
    throw ShapeError(
        fmt::format("size_filter: boxes must be [N, B, 4] and groups i32 [B], got {} and {} {}",
                    to_string(boxes.shape()), name(groups.dtype()), to_string(groups.shape())));
  }
  const Tensor filtered =
      Tensor::empty({boxes.size(0), boxes.size(1)}, DType::kI32, boxes.device());
  with_backend(boxes.device(), [&](auto& ctx) {
    run(ctx, SizeFilter{boxes, groups, filtered, min_size});
  });
  return filtered;
}

}  // namespace denovo::ops
