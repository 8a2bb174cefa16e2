#include "ops/reshape/reshape.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"

namespace denovo::ops {
namespace {

struct ReshapeNode : Node {
  std::string_view name() const override { return "reshape"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    grad_inputs[0].set(grad_outputs[0]);  // takes the shape of the input
  }
};

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) {
  if (shape.numel() != x.numel()) {
    throw ShapeError(fmt::format("reshape: {} has {} elements, got new shape {}",
                                 to_string(x.shape()), x.numel(), to_string(shape)));
  }
  const Tensor y = x.view(shape);
  if (wants_grad({x})) attach(std::make_shared<ReshapeNode>(), {x}, {y});
  return y;
}

}  // namespace denovo::ops
