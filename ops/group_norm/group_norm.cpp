#include "ops/group_norm/group_norm.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/group_norm/group_norm_kernels.h"

namespace denovo::ops {
namespace {

struct GroupNormNode : Node {
  GroupNormOptions options;
  Saved x{*this}, weight{*this}, bias{*this}, mean{*this}, rstd{*this}, y{*this};
  std::string_view name() const override { return "group_norm"; }

  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> slots) override {
    const Tensor& grad_y = grad_outputs[0];
    GradSlot &slot_x = slots[0], &slot_weight = slots[1], &slot_bias = slots[2],
             &slot_residual = slots[3];
    const Tensor none;
    // The residual's gradient is the masked one, and also what the second pass reads.
    const bool adds = slot_residual && slot_residual.accumulates();
    const Tensor masked = !slot_residual || !options.relu ? none
                          : adds                          ? grad_y.empty_like()
                                                          : slot_residual.buffer();
    if (slot_x || slot_weight || slot_bias || masked.defined()) {
      with_backend(grad_y.device(), [&](auto& ctx) {
        run(ctx, GroupNormBackward{.x = x.get(),
                                   .weight = weight.get(),
                                   .bias = bias.get(),
                                   .mean = mean.get(),
                                   .rstd = rstd.get(),
                                   .grad_y = grad_y,
                                   .y = y.get(),
                                   .options = options,
                                   .grad_x = slot_x ? slot_x.buffer() : none,
                                   .grad_weight = slot_weight ? slot_weight.buffer() : none,
                                   .grad_bias = slot_bias ? slot_bias.buffer() : none,
                                   .beta_x = slot_x.beta(),
                                   .beta_weight = slot_weight.beta(),
                                   .beta_bias = slot_bias.beta(),
                                   .masked = masked});
      });
    }
    if (slot_residual && (adds || !options.relu)) {
      slot_residual.set(options.relu ? masked : grad_y);
    }
  }
};

void check(const Tensor& x, const Tensor& weight, const Tensor& bias,
           const GroupNormOptions& options, const Tensor& residual) {
  if (!is_floating(x.dtype()) || x.rank() < 2) {
    throw ShapeError(fmt::format("group_norm: x must be floating [N, ..., C], got {} {}",
                                 to_string(x.shape()), name(x.dtype())));
  }
  const int64_t channels = x.size(-1);
  if (options.num_groups < 1 || channels % options.num_groups != 0) {
    throw ShapeError(fmt::format("group_norm: C must be a multiple of num_groups = {}, got C = {}",
                                 options.num_groups, channels));
  }
  const auto check_parameter = [&](const char* which, const Tensor& t) {
    if (t.shape() != Shape{channels}) {
      throw ShapeError(fmt::format("group_norm: {} must be [C={}], got {}", which, channels,
                                   to_string(t.shape())));
    }
    const bool mixed = x.dtype() == DType::kBF16 && t.dtype() == DType::kF32;
    if ((t.dtype() != x.dtype() && !mixed) || t.dtype() != weight.dtype()) {
      throw ShapeError(fmt::format("group_norm: {} does not fit x of dtype {}, got {}", which,
                                   name(x.dtype()), name(t.dtype())));
    }
    if (t.device() != x.device()) {
      throw DeviceError(fmt::format("group_norm: {} is on {}, x is on {}", which,
                                    to_string(t.device()), to_string(x.device())));
    }
  };
  check_parameter("weight", weight);
  check_parameter("bias", bias);
  if (residual.defined() && (residual.shape() != x.shape() || residual.dtype() != x.dtype())) {
    throw ShapeError(fmt::format("group_norm: residual must be as x, {} {}, got {} {}",
                                 to_string(x.shape()), name(x.dtype()), to_string(residual.shape()),
                                 name(residual.dtype())));
  }
  if (residual.defined() && residual.device() != x.device()) {
    throw DeviceError(fmt::format("group_norm: residual is on {}, x is on {}",
                                  to_string(residual.device()), to_string(x.device())));
  }
}

}  // namespace

Tensor group_norm(const Tensor& x, const Tensor& weight, const Tensor& bias,
                  const GroupNormOptions& options, const Tensor& residual) {
  check(x, weight, bias, options, residual);
  const DType compute = compute_dtype(x.dtype());
  const Shape groups{x.size(0), options.num_groups};
  Tensor y = x.empty_like(), mean = Tensor::empty(groups, compute, x.device()),
         rstd = Tensor::empty(groups, compute, x.device());
  with_backend(x.device(), [&](auto& ctx) {
    run(ctx, GroupNormForward{x, weight, bias, residual, y, mean, rstd, options});
  });
  if (wants_grad({x, weight, bias, residual})) {
    auto node = std::make_shared<GroupNormNode>();
    node->options = options;
    node->x = x;
    node->weight = weight;
    node->bias = bias;
    node->mean = mean;
    node->rstd = rstd;
    if (options.relu && residual.defined()) node->y = y;
    attach(node, {x, weight, bias, residual}, {y});
  }
  return y;
}

}  // namespace denovo::ops
