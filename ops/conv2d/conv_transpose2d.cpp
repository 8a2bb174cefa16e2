#include "ops/conv2d/conv_transpose2d.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/bias/bias_kernels.h"
#include "ops/conv2d/conv2d_kernels.h"

namespace denovo::ops {
namespace {

struct ConvTranspose2dNode : Node {
  Saved x{*this}, weight{*this}, y{*this};
  Conv2dOptions convolution;  // the one whose data gradient this op is

  std::string_view name() const override { return "conv_transpose2d"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    with_backend(grad_outputs[0].device(), [&](auto& ctx) {
      const Tensor grad_y = add_bias_backward(ctx, y.get(), grad_outputs[0], grad_inputs[2]);
      if (GradSlot& slot = grad_inputs[1]) {
        run(ctx, Conv2dBackwardWeight{grad_y, x.get(), slot.buffer(), slot.beta(), convolution});
      }
      if (GradSlot& slot = grad_inputs[0]) {
        const Tensor grad_x = slot.accumulates() ? x.get().empty_like() : slot.buffer();
        run(ctx, Conv2dForward{grad_y, weight.get(), Tensor(), grad_x, convolution});
        if (slot.accumulates()) slot.set(grad_x);
      }
    });
  }
};

}  // namespace

Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTranspose2dOptions& options) {
  if (x.rank() != 4 || weight.rank() != 4 || weight.size(0) != x.size(3) ||
      weight.dtype() != x.dtype()) {
    throw ShapeError(
        fmt::format("conv_transpose2d: weight must be [C_in={}, kh, kw, C_out] {}, got {} {}",
                    x.size(-1), name(x.dtype()), to_string(weight.shape()), name(weight.dtype())));
  }
  if (bias.defined() && bias.shape() != Shape{weight.size(3)}) {
    throw ShapeError(fmt::format("conv_transpose2d: bias must be [C_out={}], got {}",
                                 weight.size(3), to_string(bias.shape())));
  }
  const Conv2dOptions convolution{.stride = options.stride, .padding = options.padding};
  const int64_t height = (x.size(1) - 1) * options.stride - 2 * options.padding + weight.size(1);
  const int64_t width = (x.size(2) - 1) * options.stride - 2 * options.padding + weight.size(2);
  const Tensor y = Tensor::empty({x.size(0), height, width, weight.size(3)}, x.dtype(), x.device());
  with_backend(x.device(), [&](auto& ctx) {
    run(ctx, Conv2dBackwardData{x, weight, y, 0, convolution});
    run(ctx, AddBias{y, bias, options.relu});
  });
  if (wants_grad({x, weight, bias})) {
    auto node = std::make_shared<ConvTranspose2dNode>();
    node->x = x;
    node->weight = weight;
    if (options.relu) node->y = y;
    node->convolution = convolution;
    attach(node, {x, weight, bias}, {y});
  }
  return y;
}

}  // namespace denovo::ops
