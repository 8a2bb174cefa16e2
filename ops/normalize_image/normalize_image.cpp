#include "ops/normalize_image/normalize_image.h"

#include <fmt/format.h>

#include "ops/normalize_image/normalize_image_kernels.h"

namespace denovo::ops {

Tensor normalize_image(const Tensor& pixels, const Tensor& sizes,
                       const NormalizeImageOptions& options) {
  if (pixels.rank() != 4 || pixels.size(3) != 3 || pixels.dtype() != DType::kU8 ||
      sizes.dtype() != DType::kI32 || sizes.shape() != Shape{pixels.size(0), 2} ||
      !is_floating(options.dtype)) {
    throw ShapeError(
        fmt::format("normalize_image: expected pixels u8 [N, H, W, 3] and sizes i32 [N, 2], got {} "
                    "{} and {} {}",
                    name(pixels.dtype()), to_string(pixels.shape()), name(sizes.dtype()),
                    to_string(sizes.shape())));
  }
  const Tensor y = Tensor::empty(pixels.shape(), options.dtype, pixels.device());
  with_backend(y.device(), [&](auto& ctx) { run(ctx, NormalizeImage{pixels, sizes, y, options}); });
  return y;
}

}  // namespace denovo::ops
