#include "ops/add/add.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/add/add_kernels.h"
#include "ops/relu/relu_kernels.h"

namespace denovo::ops {
namespace {

struct AddNode : Node {
  Saved y{*this};

  std::string_view name() const override { return "add"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    Tensor grad = grad_outputs[0];
    if (y.defined()) {
      grad = grad.empty_like();
      with_backend(grad.device(), [&](auto& ctx) {
        run(ctx, ReluBackward{y.get(), grad_outputs[0], grad, 0});
      });
    }
    for (GradSlot& slot : grad_inputs) slot.set(grad);
  }
};

}  // namespace

Tensor add(const Tensor& a, const Tensor& b, bool relu) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype() || !is_floating(a.dtype())) {
    throw ShapeError(
        fmt::format("add: a and b must have one shape and floating dtype, got {} {} and {} {}",
                    name(a.dtype()), to_string(a.shape()), name(b.dtype()), to_string(b.shape())));
  }
  const Tensor y = a.empty_like();
  with_backend(y.device(), [&](auto& ctx) { run(ctx, AddForward{a, b, y, relu}); });
  if (wants_grad({a, b})) {
    auto node = std::make_shared<AddNode>();
    if (relu) node->y = y;
    attach(node, {a, b}, {y});
  }
  return y;
}

}  // namespace denovo::ops
