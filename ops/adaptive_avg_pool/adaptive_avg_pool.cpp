#include "ops/adaptive_avg_pool/adaptive_avg_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "core/autograd/autograd.h"
#include "ops/adaptive_avg_pool/adaptive_avg_pool_kernels.h"

namespace denovo::ops {
namespace {

struct AdaptiveAvgPoolNode : Node {
  std::string_view name() const override { return "adaptive_avg_pool"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    GradSlot& slot = grad_inputs[0];
    with_backend(grad_outputs[0].device(), [&](auto& ctx) {
      run(ctx, AdaptiveAvgPoolBackward{grad_outputs[0], slot.buffer(), slot.beta()});
    });
  }
};

}  // namespace

Tensor adaptive_avg_pool(const Tensor& x, int output_size) {
  if (x.rank() != 4 || !is_floating(x.dtype()) || x.size(1) * x.size(2) == 0) {
    throw ShapeError(
        fmt::format("adaptive_avg_pool: x must be floating [N, H, W, C] with pixels, got {} {}",
                    name(x.dtype()), to_string(x.shape())));
  }
  if (output_size < 1) {
    throw ShapeError(
        fmt::format("adaptive_avg_pool: output_size must be positive, got {}", output_size));
  }
  const int64_t side = std::max(x.size(1), x.size(2));
  if (output_size > INT32_MAX / (side + 1)) {
    throw ShapeError(fmt::format(
        "adaptive_avg_pool: output_size times the side must fit in 31 bits, got {} x {}",
        output_size, side));
  }
  const Tensor y =
      Tensor::empty({x.size(0), output_size, output_size, x.size(3)}, x.dtype(), x.device());
  with_backend(x.device(), [&](auto& ctx) { run(ctx, AdaptiveAvgPoolForward{x, y}); });
  if (wants_grad({x})) attach(std::make_shared<AdaptiveAvgPoolNode>(), {x}, {y});
  return y;
}

}  // namespace denovo::ops
