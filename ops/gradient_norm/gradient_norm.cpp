#include "ops/gradient_norm/gradient_norm.h"

#include <fmt/format.h>

#include "ops/gradient_norm/gradient_norm_kernels.h"

namespace denovo::ops {

void gradient_norm(const Tensor& gradients, std::span<const Tensor> losses,
                   const DeviceStepState& state) {
  const DType dtype = gradients.dtype();
  if ((dtype != DType::kF32 && dtype != DType::kF64) || gradients.rank() != 1) {
    throw ShapeError(fmt::format("gradient_norm: gradients must be f32 or f64 [n], got {} {}",
                                 name(dtype), to_string(gradients.shape())));
  }
  if (losses.size() > kMaxLosses) {
    throw ShapeError(
        fmt::format("gradient_norm: losses must be at most {}, got {}", kMaxLosses, losses.size()));
  }
  for (const Tensor& loss : losses) {
    if (loss.dtype() == dtype && loss.numel() == 1) continue;
    throw ShapeError(fmt::format("gradient_norm: a loss must be {} with one element, got {} {}",
                                 name(dtype), name(loss.dtype()), to_string(loss.shape())));
  }
  with_backend(gradients.device(), [&](auto& ctx) {
    run(ctx, GradientNorm{gradients, losses, state.get()});
  });
}

}  // namespace denovo::ops
