#include "ops/linear/linear.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/bias/bias_kernels.h"
#include "ops/linear/linear_kernels.h"

namespace denovo::ops {
namespace {

struct LinearNode : Node {
  Saved x{*this}, weight{*this}, y{*this};

  std::string_view name() const override { return "linear"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    with_backend(grad_outputs[0].device(), [&](auto& ctx) {
      const Tensor grad_y = add_bias_backward(ctx, y.get(), grad_outputs[0], grad_inputs[2]);
      if (GradSlot& slot = grad_inputs[1]) {
        run(ctx, LinearBackwardWeight{x.get(), grad_y, slot.buffer(), slot.beta()});
      }
      if (GradSlot& slot = grad_inputs[0])
        run(ctx, LinearBackwardData{grad_y, weight.get(), slot.buffer(), slot.beta()});
    });
  }
};

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, bool relu) {
  if (x.rank() != 2 || weight.rank() != 2 || weight.size(1) != x.size(1)) {
    throw ShapeError(
        fmt::format("linear: x must be [R, C_in] and weight [C_out, C_in], got {} and {}",
                    to_string(x.shape()), to_string(weight.shape())));
  }
  if (!is_floating(x.dtype()) || weight.dtype() != x.dtype() ||
      (bias.defined() && bias.dtype() != x.dtype())) {
    throw ShapeError(
        fmt::format("linear: x, weight and bias must have one floating dtype, got {} and {}",
                    name(x.dtype()), name(weight.dtype())));
  }
  if (bias.defined() && bias.shape() != Shape{weight.size(0)}) {
    throw ShapeError(fmt::format("linear: bias must be [C_out={}], got {}", weight.size(0),
                                 to_string(bias.shape())));
  }
  const Tensor y = Tensor::empty({x.size(0), weight.size(0)}, x.dtype(), x.device());
  with_backend(x.device(), [&](auto& ctx) {
    run(ctx, LinearForward{x, weight, y});
    run(ctx, AddBias{y, bias, relu});
  });
  if (wants_grad({x, weight, bias})) {
    auto node = std::make_shared<LinearNode>();
    node->x = x;
    node->weight = weight;
    if (relu) node->y = y;
    attach(node, {x, weight, bias}, {y});
  }
  return y;
}

}  // namespace denovo::ops
