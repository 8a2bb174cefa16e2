#include "ops/softmax_cross_entropy/softmax_cross_entropy.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/softmax_cross_entropy/softmax_cross_entropy_kernels.h"
#include "ops/sum/sum.h"

namespace denovo::ops {
namespace {

struct SoftmaxCrossEntropyNode : Node {
  Saved logits{*this}, labels{*this}, weights{*this};
  double label_smoothing = 0;
  std::string_view name() const override { return "softmax_cross_entropy"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    const Tensor& grad_logits = grad_inputs[0].buffer();
    with_backend(grad_logits.device(), [&](auto& ctx) {
      run(ctx,
          SoftmaxCrossEntropyBackward{logits.get(), labels.get(), weights.get(), label_smoothing,
                                      grad_outputs[0], grad_logits, grad_inputs[0].beta()});
    });
  }
};

void check(const Tensor& logits, const Tensor& labels, const Tensor& weights,
           double label_smoothing) {
  if (!is_floating(logits.dtype()) || logits.rank() < 1 || logits.size(-1) < 1) {
    throw ShapeError(
        fmt::format("softmax_cross_entropy: logits must be floating point [..., C], got {} {}",
                    name(logits.dtype()), to_string(logits.shape())));
  }
  const Shape rows = logits.shape().leading(logits.rank() - 1);
  require_tensor("softmax_cross_entropy", "labels", labels, DType::kI32, rows);
  require_tensor("softmax_cross_entropy", "weights", weights, compute_dtype(logits.dtype()), rows);
  if (!(label_smoothing >= 0 && label_smoothing <= 1)) {
    throw ShapeError(fmt::format("softmax_cross_entropy: label_smoothing must be in [0, 1], got {}",
                                 label_smoothing));
  }
}

}  // namespace

Tensor softmax_cross_entropy(const Tensor& logits, const Tensor& labels, const Tensor& weights,
                             double label_smoothing) {
  check(logits, labels, weights, label_smoothing);
  const Tensor losses = weights.empty_like();
  with_backend(logits.device(), [&](auto& ctx) {
    run(ctx, SoftmaxCrossEntropyForward{logits, labels, weights, label_smoothing, losses});
  });
  Tensor y = sum(losses);
  if (wants_grad({logits})) {
    auto node = std::make_shared<SoftmaxCrossEntropyNode>();
    node->logits = logits;
    node->labels = labels;
    node->weights = weights;
    node->label_smoothing = label_smoothing;
    attach(node, {logits}, {y});
  }
  return y;
}

}  // namespace denovo::ops
