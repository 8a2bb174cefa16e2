#include "ops/box_regression_loss/box_regression_loss.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/box_regression_loss/box_regression_loss_kernels.h"
#include "ops/sum/sum.h"

namespace denovo::ops {
namespace {

struct BoxRegressionLossNode : Node {
  Saved deltas{*this}, classes{*this}, targets{*this}, weights{*this};
  double beta = 0;
  std::string_view name() const override { return "box_regression_loss"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    const Tensor& grad_deltas = grad_inputs[0].buffer();
    with_backend(grad_deltas.device(), [&](auto& ctx) {
      run(ctx, BoxRegressionLossBackward{
                   {deltas.get(), classes.get(), targets.get(), weights.get(), beta},
                   grad_outputs[0],
                   grad_deltas,
                   grad_inputs[0].accumulates()});
    });
  }
};

void check(const Tensor& deltas, const Tensor& classes, const Tensor& targets,
           const Tensor& weights, double beta) {
  if (!is_floating(deltas.dtype()) || deltas.rank() < 1 || deltas.size(-1) < 4 ||
      deltas.size(-1) % 4 != 0) {
    throw ShapeError(
        fmt::format("box_regression_loss: deltas must be floating point [..., 4K], got {} {}",
                    name(deltas.dtype()), to_string(deltas.shape())));
  }
  const Shape rows = deltas.shape().leading(deltas.rank() - 1);
  const DType dtype = compute_dtype(deltas.dtype());
  require_tensor("box_regression_loss", "targets", targets, dtype, deltas.shape().with(-1, 4));
  require_tensor("box_regression_loss", "weights", weights, dtype, rows);
  if (classes.defined()) {
    require_tensor("box_regression_loss", "classes", classes, DType::kI32, rows);
  } else if (deltas.size(-1) != 4) {
    throw ShapeError(
        fmt::format("box_regression_loss: deltas without classes must be [..., 4], "
                    "got {}",
                    to_string(deltas.shape())));
  }
  if (!(beta >= 0)) {
    throw ShapeError(fmt::format("box_regression_loss: beta must not be negative, got {}", beta));
  }
}

}  // namespace

Tensor box_regression_loss(const Tensor& deltas, const Tensor& classes, const Tensor& targets,
                           const Tensor& weights, double beta) {
  check(deltas, classes, targets, weights, beta);
  const Tensor columns = deltas.size(-1) == 4 ? Tensor() : classes;
  const Tensor losses = weights.empty_like();
  with_backend(deltas.device(), [&](auto& ctx) {
    run(ctx, BoxRegressionLossForward{{deltas, columns, targets, weights, beta}, losses});
  });
  Tensor y = sum(losses);
  if (wants_grad({deltas})) {
    auto node = std::make_shared<BoxRegressionLossNode>();
    node->deltas = deltas;
    node->classes = columns;
    node->targets = targets;
    node->weights = weights;
    node->beta = beta;
    attach(node, {deltas}, {y});
  }
  return y;
}

}  // namespace denovo::ops
