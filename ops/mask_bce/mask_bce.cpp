#include "ops/mask_bce/mask_bce.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/mask_bce/mask_bce_kernels.h"
#include "ops/sum/sum.h"

namespace denovo::ops {
namespace {

struct MaskBceNode : Node {
  Saved logits{*this}, classes{*this}, targets{*this}, weights{*this};
  std::string_view name() const override { return "mask_bce"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    const Tensor& grad_logits = grad_inputs[0].buffer();
    with_backend(grad_logits.device(), [&](auto& ctx) {
      run(ctx, MaskBceBackward{{logits.get(), classes.get(), targets.get(), weights.get()},
                               grad_outputs[0],
                               grad_logits,
                               grad_inputs[0].beta()});
    });
  }
};

void check(const Tensor& logits, const Tensor& classes, const Tensor& targets,
           const Tensor& weights) {
  if (!is_floating(logits.dtype()) || logits.rank() != 4) {
    throw ShapeError(fmt::format("mask_bce: logits must be floating point [R, H, W, K], got {} {}",
                                 name(logits.dtype()), to_string(logits.shape())));
  }
  require_tensor("mask_bce", "classes", classes, DType::kI32, logits.shape().leading(1));
  require_tensor("mask_bce", "targets", targets, DType::kU8, logits.shape().leading(3));
  require_tensor("mask_bce", "weights", weights, compute_dtype(logits.dtype()),
                 logits.shape().leading(1));
}

}  // namespace

Tensor mask_bce(const Tensor& logits, const Tensor& classes, const Tensor& targets,
                const Tensor& weights) {
  check(logits, classes, targets, weights);
  const Tensor losses = Tensor::empty(targets.shape(), weights.dtype(), logits.device());
  with_backend(logits.device(), [&](auto& ctx) {
    run(ctx, MaskBceForward{{logits, classes, targets, weights}, losses});
  });
  Tensor y = sum(losses);
  if (wants_grad({logits})) {
    auto node = std::make_shared<MaskBceNode>();
    node->logits = logits;
    node->classes = classes;
    node->targets = targets;
    node->weights = weights;
    attach(node, {logits}, {y});
  }
  return y;
}

}  // namespace denovo::ops
