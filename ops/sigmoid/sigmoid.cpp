#include "ops/sigmoid/sigmoid.h"

#include <fmt/format.h>

#include "ops/sigmoid/sigmoid_kernels.h"

namespace denovo::ops {

Tensor sigmoid(const Tensor& x) {
  if (!is_floating(x.dtype())) {
    throw ShapeError(fmt::format("sigmoid: x must be floating point, got {}", name(x.dtype())));
  }
  Tensor y = x.empty_like();
  with_backend(x.device(), [&](auto& ctx) { run(ctx, Sigmoid{x, y}); });
  return y;
}

}  // namespace denovo::ops
