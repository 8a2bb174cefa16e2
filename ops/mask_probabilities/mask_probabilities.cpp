#include "ops/mask_probabilities/mask_probabilities.h"

#include <fmt/format.h>

#include "ops/mask_probabilities/mask_probabilities_kernels.h"

namespace denovo::ops {

Tensor mask_probabilities(const Tensor& logits, const Tensor& classes) {
  if (logits.rank() != 4 || classes.shape() != Shape{logits.size(0)} ||
      classes.dtype() != DType::kI32) {
    throw ShapeError(fmt::format(
        "mask_probabilities: expected logits [R, S, S, K] and i32 classes [R], got {} and {} {}",
        to_string(logits.shape()), name(classes.dtype()), to_string(classes.shape())));
  }
  const Tensor probabilities = Tensor::empty({logits.size(0), logits.size(1), logits.size(2)},
                                             logits.dtype(), logits.device());
  with_backend(logits.device(), [&](auto& ctx) {
    run(ctx, MaskProbabilities{logits, classes, probabilities});
  });
  return probabilities;
}

}  // namespace denovo::ops
