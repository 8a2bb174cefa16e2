#include "ops/sigmoid_bce/sigmoid_bce.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/sigmoid_bce/sigmoid_bce_kernels.h"
#include "ops/sum/sum.h"

namespace denovo::ops {
namespace {

struct SigmoidBceNode : Node {
  Saved logits{*this}, labels{*this}, weights{*this};
  std::string_view name() const override { return "sigmoid_bce"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    const Tensor& grad_logits = grad_inputs[0].buffer();
    with_backend(grad_logits.device(), [&](auto& ctx) {
      run(ctx, SigmoidBceBackward{logits.get(), labels.get(), weights.get(), grad_outputs[0],
                                  grad_logits, grad_inputs[0].beta()});
    });
  }
};

void check(const Tensor& logits, const Tensor& labels, const Tensor& weights) {
  if (!is_floating(logits.dtype())) {
    throw ShapeError(
        fmt::format("sigmoid_bce: logits must be floating point, got {}", name(logits.dtype())));
  }
  require_tensor("sigmoid_bce", "labels", labels, DType::kI32, logits.shape());
  require_tensor("sigmoid_bce", "weights", weights, compute_dtype(logits.dtype()), logits.shape());
}

}  // namespace

Tensor sigmoid_bce(const Tensor& logits, const Tensor& labels, const Tensor& weights) {
  check(logits, labels, weights);
  const Tensor losses = weights.empty_like();
  with_backend(logits.device(), [&](auto& ctx) {
    run(ctx, SigmoidBceForward{logits, labels, weights, losses});
  });
  Tensor y = sum(losses);
  if (wants_grad({logits})) {
    auto node = std::make_shared<SigmoidBceNode>();
    node->logits = logits;
    node->labels = labels;
    node->weights = weights;
    attach(node, {logits}, {y});
  }
  return y;
}

}  // namespace denovo::ops
