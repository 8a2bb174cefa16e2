#include "ops/batch_norm/batch_norm.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/batch_norm/batch_norm_kernels.h"

namespace denovo::ops {
namespace {

struct BatchNormNode : Node {
  BatchNormOptions options;
  BatchNormSync sync;
  Saved x{*this}, slots{*this}, weight{*this}, bias{*this}, mean{*this}, rstd{*this},
      moments{*this}, y{*this};
  std::string_view name() const override { return "batch_norm"; }

  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grads) override {
    const Tensor& grad_y = grad_outputs[0];
    GradSlot &grad_x = grads[0], &grad_weight = grads[1], &grad_bias = grads[2],
             &grad_residual = grads[3];
    const Tensor none;
    // The residual's gradient is grad_y behind the ReLU and without the empty slots.
    const bool separate = grad_residual && (options.relu || slots.defined());
    const Tensor masked = separate ? grad_y.empty_like() : none;
    const Tensor sums = Tensor::empty({2, x.get().size(-1)}, DType::kF64, grad_y.device());
    with_backend(grad_y.device(), [&](auto& ctx) {
      run(ctx, BatchNormSums{x.get(), slots.get(), weight.get(), bias.get(), mean.get(), rstd.get(),
                             grad_y, y.get(), options.relu, sums, masked});
      run(ctx, BatchNormParameterGradients{
                   sums, rstd.get(), grad_weight ? grad_weight.buffer() : none,
                   grad_bias ? grad_bias.buffer() : none, grad_weight.beta(), grad_bias.beta()});
    });
    if (options.training && sync.add) sync.add(sums);
    if (grad_x) {
      with_backend(grad_y.device(), [&](auto& ctx) {
        run(ctx, BatchNormBackward{x.get(), slots.get(), weight.get(), bias.get(), mean.get(),
                                   rstd.get(), separate ? masked : grad_y,
                                   separate ? none : y.get(), options.relu && !separate, sums,
                                   moments.get(), grad_x.buffer(), grad_x.beta()});
      });
    }
    if (grad_residual) grad_residual.set(separate ? masked : grad_y);
  }
};

void check_input(const char* where, const Tensor& x, const Tensor& slots) {
  if (!is_floating(x.dtype()) || x.rank() < 2) {
    throw ShapeError(fmt::format("{}: x must be floating [N, ..., C], got {} {}", where,
                                 to_string(x.shape()), name(x.dtype())));
  }
  if (!slots.defined()) return;
  if (slots.shape() != Shape{x.size(0)} || slots.dtype() != DType::kI32) {
    throw ShapeError(fmt::format("{}: slots must be i32 [N={}], got {} {}", where, x.size(0),
                                 to_string(slots.shape()), name(slots.dtype())));
  }
  if (slots.device() != x.device()) {
    throw DeviceError(fmt::format("{}: slots is on {}, x is on {}", where,
                                  to_string(slots.device()), to_string(x.device())));
  }
}

void check_state(const Tensor& x, const BatchNormState& state) {
  const int64_t channels = x.size(-1);
  const DType compute = compute_dtype(x.dtype());
  const auto check = [&](const char* which, const Tensor& t, bool fits) {
    if (t.shape() != Shape{channels}) {
      throw ShapeError(fmt::format("batch_norm: {} must be [C={}], got {}", which, channels,
                                   to_string(t.shape())));
    }
    if (!fits) {
      throw ShapeError(fmt::format("batch_norm: {} does not fit x of dtype {}, got {}", which,
                                   name(x.dtype()), name(t.dtype())));
    }
    if (t.device() != x.device()) {
      throw DeviceError(fmt::format("batch_norm: {} is on {}, x is on {}", which,
                                    to_string(t.device()), to_string(x.device())));
    }
  };
  const DType weight = state.weight.dtype();
  check("weight", state.weight, weight == x.dtype() || weight == compute);
  check("bias", state.bias, state.bias.dtype() == weight);
  check("running_mean", state.running_mean, state.running_mean.dtype() == compute);
  check("running_variance", state.running_variance, state.running_variance.dtype() == compute);
}

void check_residual(const Tensor& x, const Tensor& residual) {
  if (!residual.defined()) return;
  if (residual.shape() != x.shape() || residual.dtype() != x.dtype()) {
    throw ShapeError(fmt::format("batch_norm: residual must be as x, {} {}, got {} {}",
                                 to_string(x.shape()), name(x.dtype()), to_string(residual.shape()),
                                 name(residual.dtype())));
  }
  if (residual.device() != x.device()) {
    throw DeviceError(fmt::format("batch_norm: residual is on {}, x is on {}",
                                  to_string(residual.device()), to_string(x.device())));
  }
}

}  // namespace

Tensor batch_moments(const Tensor& x, const Tensor& slots) {
  check_input("batch_moments", x, slots);
  Tensor moments = Tensor::empty({3, x.size(-1)}, DType::kF64, x.device());
  with_backend(x.device(), [&](auto& ctx) { run(ctx, BatchMoments{x, slots, moments}); });
  return moments;
}

void merge_moments(const Tensor& sets, const Tensor& moments) {
  const bool fits = moments.rank() == 2 && moments.size(0) == 3 && sets.rank() == 3 &&
                    sets.shape() == Shape{sets.size(0), 3, moments.size(1)};
  if (!fits || sets.dtype() != DType::kF64 || moments.dtype() != DType::kF64) {
    throw ShapeError(fmt::format(
        "merge_moments: sets must be f64 [S, 3, C] and moments f64 [3, C], got {} {} and {} {}",
        name(sets.dtype()), to_string(sets.shape()), name(moments.dtype()),
        to_string(moments.shape())));
  }
  with_backend(sets.device(), [&](auto& ctx) { run(ctx, MergeMoments{sets, moments}); });
}

Tensor batch_norm(const Tensor& x, const BatchNormState& state, const BatchNormOptions& options,
                  const Tensor& residual, const Tensor& slots, const BatchNormSync& sync) {
  check_input("batch_norm", x, slots);
  check_state(x, state);
  check_residual(x, residual);
  Tensor moments, mean = state.running_mean.empty_like(), rstd = mean.empty_like();
  if (options.training) {
    moments = batch_moments(x, slots);
    if (sync.merge) sync.merge(moments);
  }
  with_backend(x.device(), [&](auto& ctx) {
    run(ctx, BatchNormStatistics{moments, options.eps, options.momentum, mean, rstd,
                                 state.running_mean, state.running_variance});
  });
  Tensor y = x.empty_like();
  with_backend(x.device(), [&](auto& ctx) {
    run(ctx, BatchNormForward{x, slots, state.weight, state.bias, residual, mean, rstd,
                              options.relu, y});
  });
  if (wants_grad({x, state.weight, state.bias, residual})) {
    auto node = std::make_shared<BatchNormNode>();
    node->options = options;
    node->sync = sync;
    node->x = x;
    node->slots = slots;
    node->weight = state.weight;
    node->bias = state.bias;
    node->mean = mean;
    node->rstd = rstd;
    node->moments = moments;
    if (options.relu && residual.defined()) node->y = y;
    attach(node, {x, state.weight, state.bias, residual}, {y});
  }
  return y;
}

}  // namespace denovo::ops
