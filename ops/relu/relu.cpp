#include "ops/relu/relu.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/relu/relu_kernels.h"

namespace denovo::ops {
namespace {

struct ReluNode : Node {
  Saved y{*this};
  std::string_view name() const override { return "relu"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    const Tensor &grad_y = grad_outputs[0], &grad_x = grad_inputs[0].buffer();
    with_backend(grad_y.device(), [&](auto& ctx) {
      run(ctx, ReluBackward{y.get(), grad_y, grad_x, grad_inputs[0].beta()});
    });
  }
};

}  // namespace

Tensor relu(const Tensor& x) {
  if (!is_floating(x.dtype())) {
    throw ShapeError(fmt::format("relu: x must be floating point, got {}", name(x.dtype())));
  }
  Tensor y = x.empty_like();
  with_backend(x.device(), [&](auto& ctx) { run(ctx, ReluForward{x, y}); });
  if (wants_grad({x})) {
    auto node = std::make_shared<ReluNode>();
    node->y = y;
    attach(node, {x}, {y});
  }
  return y;
}

}  // namespace denovo::ops
