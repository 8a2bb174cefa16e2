#include "ops/gather_rows/gather_rows.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/gather_rows/gather_rows_kernels.h"

namespace denovo::ops {
namespace {

struct GatherRowsNode : Node {
  Saved indices{*this};
  std::string_view name() const override { return "gather_rows"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    const Tensor& grad_x = grad_inputs[0].buffer();
    if (!grad_inputs[0].accumulates()) fill(grad_x, 0);
    with_backend(grad_x.device(), [&](auto& ctx) {
      run(ctx, GatherRowsBackward{indices.get(), grad_outputs[0], grad_x});
    });
  }
};

void check(const Tensor& x, const Tensor& indices) {
  if (x.dtype() == DType::kBool) throw ShapeError("gather_rows: x must be numeric, got bool");
  if (x.rank() < 2) {
    throw ShapeError(
        fmt::format("gather_rows: x must be [N, M, ...], got {}", to_string(x.shape())));
  }
  if (indices.dtype() != DType::kI32) {
    throw ShapeError(
        fmt::format("gather_rows: indices must be i32, got {}", name(indices.dtype())));
  }
  if (indices.rank() != 2 || (x.size(0) != 1 && indices.size(0) != x.size(0))) {
    throw ShapeError(fmt::format("gather_rows: indices must be [N={}, S], got {}", x.size(0),
                                 to_string(indices.shape())));
  }
}

}  // namespace

Tensor gather_rows(const Tensor& x, const Tensor& indices, double empty_value) {
  check(x, indices);
  const bool recorded = is_floating(x.dtype()) && wants_grad({x});
  if (recorded && x.size(0) != indices.size(0)) {
    throw ShapeError(
        fmt::format("gather_rows: an x that serves {} images gets no gradient, got "
                    "one that requires it",
                    indices.size(0)));
  }
  Shape shape = x.shape().with(0, indices.size(0)).with(1, indices.size(1));
  Tensor y = Tensor::empty(shape, x.dtype(), x.device());
  with_backend(x.device(), [&](auto& ctx) {
    run(ctx, GatherRowsForward{x, indices, y, empty_value});
  });
  if (recorded) {
    auto node = std::make_shared<GatherRowsNode>();
    node->indices = indices;
    attach(node, {x}, {y});
  }
  return y;
}

}  // namespace denovo::ops
