#include "ops/bilinear_resize/bilinear_resize.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/bilinear_resize/bilinear_resize_kernels.h"

namespace denovo::ops {
namespace {

struct BilinearResizeNode : Node {
  std::string_view name() const override { return "bilinear_resize"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> slots) override {
    const Tensor &grad_y = grad_outputs[0], &grad_x = slots[0].buffer();
    with_backend(grad_y.device(), [&](auto& ctx) {
      run(ctx, BilinearResizeBackward{grad_y, grad_x, slots[0].beta()});
    });
  }
};

}  // namespace

Tensor bilinear_resize(const Tensor& x, int64_t height, int64_t width) {
  if (!is_floating(x.dtype()) || x.rank() != 4 || x.size(1) < 1 || x.size(2) < 1) {
    throw ShapeError(
        fmt::format("bilinear_resize: x must be floating [N, H, W, C] with pixels, got {} {}",
                    to_string(x.shape()), name(x.dtype())));
  }
  if (height < 1 || width < 1) {
    throw ShapeError(fmt::format("bilinear_resize: height and width must be positive, got {} x {}",
                                 height, width));
  }
  Tensor y = Tensor::empty({x.size(0), height, width, x.size(3)}, x.dtype(), x.device());
  with_backend(x.device(), [&](auto& ctx) { run(ctx, BilinearResizeForward{x, y}); });
  if (wants_grad({x})) attach(std::make_shared<BilinearResizeNode>(), {x}, {y});
  return y;
}

}  // namespace denovo::ops
