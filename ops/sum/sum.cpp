#include "ops/sum/sum.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/sum/sum_kernels.h"

namespace denovo::ops {
namespace {

struct SumNode : Node {
  std::string_view name() const override { return "sum"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    const Tensor& grad_x = grad_inputs[0].buffer();
    with_backend(grad_x.device(), [&](auto& ctx) {
      run(ctx, SumBackward{grad_outputs[0], grad_x, grad_inputs[0].beta()});
    });
  }
};

}  // namespace

Tensor sum(const Tensor& x) {
  if (x.dtype() != DType::kF32 && x.dtype() != DType::kF64) {
    throw ShapeError(fmt::format("sum: x must be f32 or f64, got {}", name(x.dtype())));
  }
  Tensor y = Tensor::empty({}, x.dtype(), x.device());
  with_backend(x.device(), [&](auto& ctx) { run(ctx, SumForward{x, y}); });
  if (wants_grad({x})) attach(std::make_shared<SumNode>(), {x}, {y});
  return y;
}

}  // namespace denovo::ops
