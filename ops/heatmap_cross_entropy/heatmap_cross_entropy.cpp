#include "ops/heatmap_cross_entropy/heatmap_cross_entropy.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/heatmap_cross_entropy/heatmap_cross_entropy_kernels.h"
#include "ops/sum/sum.h"

namespace denovo::ops {
namespace {

struct HeatmapCrossEntropyNode : Node {
  Saved logits{*this}, places{*this}, weights{*this};
  std::string_view name() const override { return "heatmap_cross_entropy"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    const Tensor& grad_logits = grad_inputs[0].buffer();
    with_backend(grad_logits.device(), [&](auto& ctx) {
      run(ctx, HeatmapCrossEntropyBackward{{logits.get(), places.get(), weights.get()},
                                           grad_outputs[0],
                                           grad_logits,
                                           grad_inputs[0].beta()});
    });
  }
};

void check(const Tensor& logits, const Tensor& places, const Tensor& weights) {
  if (!is_floating(logits.dtype()) || logits.rank() != 4 || logits.size(1) * logits.size(2) < 1) {
    throw ShapeError(fmt::format(
        "heatmap_cross_entropy: logits must be floating point [R, H, W, J] with places, got {} {}",
        name(logits.dtype()), to_string(logits.shape())));
  }
  const Shape maps{logits.size(0), logits.size(3)};
  require_tensor("heatmap_cross_entropy", "places", places, DType::kI32, maps);
  require_tensor("heatmap_cross_entropy", "weights", weights, compute_dtype(logits.dtype()), maps);
}

}  // namespace

Tensor heatmap_cross_entropy(const Tensor& logits, const Tensor& places, const Tensor& weights) {
  check(logits, places, weights);
  const Tensor losses = weights.empty_like();
  with_backend(logits.device(), [&](auto& ctx) {
    run(ctx, HeatmapCrossEntropyForward{{logits, places, weights}, losses});
  });
  Tensor y = sum(losses);
  if (wants_grad({logits})) {
    auto node = std::make_shared<HeatmapCrossEntropyNode>();
    node->logits = logits;
    node->places = places;
    node->weights = weights;
    attach(node, {logits}, {y});
  }
  return y;
}

}  // namespace denovo::ops
