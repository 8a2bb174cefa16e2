#include "ops/upsample_add/upsample_add.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/upsample_add/upsample_add_kernels.h"

namespace denovo::ops {
namespace {

struct UpsampleAddNode : Node {
  std::string_view name() const override { return "upsample_add"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    if (GradSlot& slot = grad_inputs[1]) {
      with_backend(grad_outputs[0].device(), [&](auto& ctx) {
        run(ctx, UpsampleAddBackward{grad_outputs[0], slot.buffer(), slot.beta()});
      });
    }
    grad_inputs[0].set(grad_outputs[0]);
  }
};

}  // namespace

Tensor upsample_add(const Tensor& lateral, const Tensor& top) {
  const bool fits = lateral.rank() == 4 && top.rank() == 4 && top.dtype() == lateral.dtype() &&
                    is_floating(top.dtype()) &&
                    top.shape() == Shape{lateral.size(0), (lateral.size(1) + 1) / 2,
                                         (lateral.size(2) + 1) / 2, lateral.size(3)};
  if (!fits) {
    throw ShapeError(fmt::format("upsample_add: top must be half of lateral {} {}, got {} {}",
                                 name(lateral.dtype()), to_string(lateral.shape()),
                                 name(top.dtype()), to_string(top.shape())));
  }
  const Tensor y = lateral.empty_like();
  with_backend(y.device(), [&](auto& ctx) { run(ctx, UpsampleAddForward{lateral, top, y}); });
  if (wants_grad({lateral, top})) attach(std::make_shared<UpsampleAddNode>(), {lateral, top}, {y});
  return y;
}

}  // namespace denovo::ops
