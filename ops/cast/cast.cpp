#include "ops/cast/cast.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"

namespace denovo::ops {
namespace {

struct CastNode : Node {
  std::string_view name() const override { return "cast"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grads) override {
    const Tensor& grad_x = grads[0].buffer();
    if (grads[0].accumulates()) {
      accumulate(grad_x, grad_outputs[0]);
    } else {
      copy(grad_x, grad_outputs[0]);
    }
  }
};

}  // namespace

Tensor cast(const Tensor& x, DType dtype) {
  if (!is_floating(x.dtype()) || !is_floating(dtype)) {
    throw ShapeError(fmt::format("cast: both dtypes must be floating point, got {} to {}",
                                 name(x.dtype()), name(dtype)));
  }
  if (x.dtype() == dtype) return x;
  const auto& rounded = x.impl()->rounded;
  const Tensor y = rounded && rounded->dtype == dtype ? Tensor(rounded).detach() : x.to(dtype);
  if (wants_grad({x})) attach(std::make_shared<CastNode>(), {x}, {y});
  return y;
}

}  // namespace denovo::ops
