#include "ops/max_pool2d/max_pool2d.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/max_pool2d/max_pool2d_kernels.h"

namespace denovo::ops {
namespace {

struct MaxPool2dNode : Node {
  Saved winner{*this};
  MaxPool2dOptions options;

  std::string_view name() const override { return "max_pool2d"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    GradSlot& slot = grad_inputs[0];
    with_backend(grad_outputs[0].device(), [&](auto& ctx) {
      run(ctx,
          MaxPool2dBackward{grad_outputs[0], winner.get(), slot.buffer(), options, slot.beta()});
    });
  }
};

}  // namespace

Tensor max_pool2d(const Tensor& x, const MaxPool2dOptions& options) {
  if (x.rank() != 4 || !is_floating(x.dtype())) {
    throw ShapeError(fmt::format("max_pool2d: x must be floating [N, H, W, C], got {} {}",
                                 name(x.dtype()), to_string(x.shape())));
  }
  // The position of a maximum is kept in a byte.
  if (options.kernel < 1 || options.kernel > 15 || options.stride < 1 || options.padding < 0 ||
      2 * options.padding > options.kernel) {
    throw ShapeError(
        fmt::format("max_pool2d: needs 1 <= kernel <= 15, stride >= 1, 0 <= padding <= kernel / 2, "
                    "got {}, {}, {}",
                    options.kernel, options.stride, options.padding));
  }
  const auto out = [&](int64_t size) {
    return (size + 2 * options.padding - options.kernel) / options.stride + 1;
  };
  if (x.size(1) + 2 * options.padding < options.kernel ||
      x.size(2) + 2 * options.padding < options.kernel) {
    throw ShapeError(fmt::format(
        "max_pool2d: the padded image must be at least as large as the kernel {}, got {}",
        options.kernel, to_string(x.shape())));
  }
  const Shape shape{x.size(0), out(x.size(1)), out(x.size(2)), x.size(3)};
  const Tensor y = Tensor::empty(shape, x.dtype(), x.device()),
               winner = Tensor::empty(shape, DType::kU8, x.device());
  with_backend(x.device(), [&](auto& ctx) { run(ctx, MaxPool2dForward{x, y, winner, options}); });
  if (wants_grad({x})) {
    auto node = std::make_shared<MaxPool2dNode>();
    node->winner = winner;
    node->options = options;
    attach(node, {x}, {y});
  }
  return y;
}

}  // namespace denovo::ops
