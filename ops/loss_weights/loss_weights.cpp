#include "ops/loss_weights/loss_weights.h"

#include <fmt/format.h>

#include "ops/loss_weights/loss_weights_kernels.h"

namespace denovo::ops {
namespace {

void check(const Tensor& classes, const Tensor& images, const LossWeightOptions& options) {
  if (classes.dtype() != DType::kI32) {
    throw ShapeError(
        fmt::format("loss_weights: classes must be i32, got {}", name(classes.dtype())));
  }
  if (images.defined()) {
    if (classes.rank() != 1 && classes.rank() != 2)
      throw ShapeError(
          fmt::format("loss_weights: classes with images must be [R] or [R, J], got {}",
                      to_string(classes.shape())));
    require_tensor("loss_weights", "images", images, DType::kI32, classes.shape().leading(1));
  } else if (classes.rank() != 2 || classes.size(0) != options.num_images) {
    throw ShapeError(fmt::format("loss_weights: classes without images must be [N={}, S], got {}",
                                 options.num_images, to_string(classes.shape())));
  }
  if (options.images_per_group < 1) {
    throw ShapeError(fmt::format("loss_weights: images_per_group must be positive, got {}",
                                 options.images_per_group));
  }
  if (options.normalizer == LossNormalizer::kRowsPerImage && options.rows_per_image < 1) {
    throw ShapeError(fmt::format("loss_weights: rows_per_image must be positive, got {}",
                                 options.rows_per_image));
  }
  if (options.dtype != DType::kF32 && options.dtype != DType::kF64) {
    throw ShapeError(
        fmt::format("loss_weights: dtype must be f32 or f64, got {}", name(options.dtype)));
  }
}

}  // namespace

Tensor loss_weights(const Tensor& classes, const Tensor& images, const LossWeightOptions& options) {
  check(classes, images, options);
  Tensor weights = Tensor::empty(classes.shape(), options.dtype, classes.device());
  with_backend(classes.device(), [&](auto& ctx) {
    run(ctx, LossWeights{classes, images, weights, options});
  });
  return weights;
}

}  // namespace denovo::ops
