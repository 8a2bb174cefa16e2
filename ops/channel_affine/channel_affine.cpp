#include "ops/channel_affine/channel_affine.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/channel_affine/channel_affine_kernels.h"

namespace denovo::ops {
namespace {

struct ChannelAffineNode : Node {
  Saved scale{*this};
  std::string_view name() const override { return "channel_affine"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> slots) override {
    const Tensor &grad_y = grad_outputs[0], &grad_x = slots[0].buffer();
    with_backend(grad_y.device(), [&](auto& ctx) {
      run(ctx, ChannelAffineBackward{scale.get(), grad_y, grad_x, slots[0].beta()});
    });
  }
};

void check_constant(const char* which, const Tensor& constant, const Tensor& x) {
  if (constant.shape() != Shape{x.size(3)}) {
    throw ShapeError(fmt::format("channel_affine: {} must be [C={}], got {}", which, x.size(3),
                                 to_string(constant.shape())));
  }
  const DType dtype = compute_dtype(x.dtype());
  if (constant.dtype() != dtype) {
    throw ShapeError(fmt::format("channel_affine: {} must be {} beside x of dtype {}, got {}",
                                 which, name(dtype), name(x.dtype()), name(constant.dtype())));
  }
  if (constant.device() != x.device()) {
    throw DeviceError(fmt::format("channel_affine: {} is on {}, x is on {}", which,
                                  to_string(constant.device()), to_string(x.device())));
  }
}

}  // namespace

Tensor channel_affine(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  if (!is_floating(x.dtype()) || x.rank() != 4) {
    throw ShapeError(fmt::format("channel_affine: x must be floating [N, H, W, C], got {} {}",
                                 to_string(x.shape()), name(x.dtype())));
  }
  check_constant("scale", scale, x);
  check_constant("shift", shift, x);
  Tensor y = x.empty_like();
  with_backend(x.device(), [&](auto& ctx) { run(ctx, ChannelAffineForward{x, scale, shift, y}); });
  if (wants_grad({x})) {
    auto node = std::make_shared<ChannelAffineNode>();
    node->scale = scale;
    attach(node, {x}, {y});
  }
  return y;
}

FoldedNorm fold_batch_norm(const Tensor& weight, const Tensor& bias, const Tensor& mean,
                           const Tensor& variance, double eps) {
  if (weight.rank() != 1 || (weight.dtype() != DType::kF32 && weight.dtype() != DType::kF64)) {
    throw ShapeError(fmt::format("fold_batch_norm: weight must be f32 or f64 [C], got {} {}",
                                 name(weight.dtype()), to_string(weight.shape())));
  }
  for (const Tensor* t : {&bias, &mean, &variance}) {
    if (t->shape() == weight.shape() && t->dtype() == weight.dtype()) continue;
    throw ShapeError(fmt::format(
        "fold_batch_norm: bias, mean and variance must be as weight, {} {}, got {} {}",
        name(weight.dtype()), to_string(weight.shape()), name(t->dtype()), to_string(t->shape())));
  }
  FoldedNorm folded{weight.empty_like(), weight.empty_like()};
  with_backend(weight.device(), [&](auto& ctx) {
    run(ctx, FoldBatchNorm{weight, bias, mean, variance, eps, folded.scale, folded.shift});
  });
  return folded;
}

}  // namespace denovo::ops
