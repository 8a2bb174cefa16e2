#include "ops/scale_gradient/scale_gradient.h"

#include <fmt/format.h>

#include <cmath>

#include "core/autograd/autograd.h"
#include "ops/scale_gradient/scale_gradient_kernels.h"

namespace denovo::ops {
namespace {

struct ScaleGradientNode : Node {
  explicit ScaleGradientNode(double factor) : factor(factor) {}
  double factor;

  std::string_view name() const override { return "scale_gradient"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    const Tensor &grad_y = grad_outputs[0], &grad_x = grad_inputs[0].buffer();
    with_backend(grad_y.device(), [&](auto& ctx) {
      run(ctx, ScaleGradientBackward{grad_y, grad_x, factor, grad_inputs[0].beta()});
    });
  }
};

}  // namespace

Tensor scale_gradient(const Tensor& x, double factor) {
  if (!is_floating(x.dtype()) || !std::isfinite(factor)) {
    throw ShapeError(
        fmt::format("scale_gradient: x must be floating point and factor finite, got {} and {}",
                    name(x.dtype()), factor));
  }
  const Tensor y = x.detach();
  if (wants_grad({x})) attach(std::make_shared<ScaleGradientNode>(factor), {x}, {y});
  return y;
}

}  // namespace denovo::ops
