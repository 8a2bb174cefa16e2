#include "ops/conv2d/conv2d.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/bias/bias_kernels.h"
#include "ops/conv2d/conv2d_kernels.h"

namespace denovo::ops {
namespace {

struct Conv2dNode : Node {
  Saved x{*this}, weight{*this}, y{*this};
  Conv2dOptions options;

  std::string_view name() const override { return "conv2d"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    with_backend(grad_outputs[0].device(), [&](auto& ctx) {
      const Tensor grad_y = add_bias_backward(ctx, y.get(), grad_outputs[0], grad_inputs[2]);
      if (GradSlot& slot = grad_inputs[1]) {
        run(ctx, Conv2dBackwardWeight{x.get(), grad_y, slot.buffer(), slot.beta(), options});
      }
      if (GradSlot& slot = grad_inputs[0]) {
        run(ctx, Conv2dBackwardData{grad_y, weight.get(), slot.buffer(), slot.beta(), options});
      }
    });
  }
};

int64_t output_size(int64_t size, int64_t kernel, const Conv2dOptions& options) {
  return (size + 2 * options.padding - options.dilation * (kernel - 1) - 1) / options.stride + 1;
}

void check(const Tensor& x, const Tensor& weight, const Tensor& bias,
           const Conv2dOptions& options) {
  if (x.rank() != 4 || weight.rank() != 4) {
    throw ShapeError(fmt::format("conv2d: x and weight must have rank 4, got {} and {}",
                                 to_string(x.shape()), to_string(weight.shape())));
  }
  if (options.stride < 1 || options.dilation < 1 || options.groups < 1 || options.padding < 0) {
    throw ShapeError(
        fmt::format("conv2d: stride, dilation and groups must be positive and padding not "
                    "negative, got {}, {}, {}, {}",
                    options.stride, options.dilation, options.groups, options.padding));
  }
  if (!is_floating(x.dtype()) || weight.dtype() != x.dtype() ||
      (bias.defined() && bias.dtype() != x.dtype())) {
    throw ShapeError(
        fmt::format("conv2d: x, weight and bias must have one floating dtype, got {} and {}",
                    name(x.dtype()), name(weight.dtype())));
  }
  if (weight.size(3) * options.groups != x.size(3)) {
    throw ShapeError(fmt::format(
        "conv2d: weight expects C_in/groups = {} input channels, got x {} with groups = {}",
        weight.size(3), to_string(x.shape()), options.groups));
  }
  if (weight.size(0) % options.groups != 0) {
    throw ShapeError(fmt::format("conv2d: C_out = {} must be a multiple of groups, got {}",
                                 weight.size(0), options.groups));
  }
  if (bias.defined() && bias.shape() != Shape{weight.size(0)}) {
    throw ShapeError(fmt::format("conv2d: bias must be [C_out={}], got {}", weight.size(0),
                                 to_string(bias.shape())));
  }
  for (int d = 1; d <= 2; ++d) {
    if (x.size(d) + 2 * options.padding < options.dilation * (weight.size(d) - 1) + 1) {
      throw ShapeError(fmt::format(
          "conv2d: the padded image must be at least as large as the kernel {}, got x {}",
          to_string(weight.shape()), to_string(x.shape())));
    }
  }
}

}  // namespace

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const Conv2dOptions& options) {
  check(x, weight, bias, options);
  const Tensor y = Tensor::empty({x.size(0), output_size(x.size(1), weight.size(1), options),
                                  output_size(x.size(2), weight.size(2), options), weight.size(0)},
                                 x.dtype(), x.device());
  with_backend(x.device(), [&](auto& ctx) {
    run(ctx, Conv2dForward{x, weight, bias, y, options});
  });
  if (wants_grad({x, weight, bias})) {
    auto node = std::make_shared<Conv2dNode>();
    node->x = x;
    node->weight = weight;
    if (options.relu) node->y = y;
    node->options = options;
    attach(node, {x, weight, bias}, {y});
  }
  return y;
}

}  // namespace denovo::ops
