#include "ops/dropout/dropout.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/dropout/dropout_kernels.h"

namespace denovo::ops {
namespace {

constexpr int kMaxLayers = 16;  // of 2^28 draws each, of the 2^32 that an image has in a step

struct DropoutNode : Node {
  Saved kept{*this};
  double rate = 0;

  std::string_view name() const override { return "dropout"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    GradSlot& slot = grad_inputs[0];
    with_backend(grad_outputs[0].device(), [&](auto& ctx) {
      run(ctx, DropoutBackward{grad_outputs[0], kept.get(), slot.buffer(), rate, slot.beta()});
    });
  }
};

void check(const Tensor& x, const DropoutRows& rows, const DropoutOptions& options) {
  if (x.rank() != 2 || !is_floating(x.dtype())) {
    throw ShapeError(fmt::format("dropout: x must be floating [R, C], got {} {}", name(x.dtype()),
                                 to_string(x.shape())));
  }
  if (!(options.rate >= 0 && options.rate < 1)) {
    throw ShapeError(
        fmt::format("dropout: rate must be at least 0 and less than 1, got {}", options.rate));
  }
  if (options.layer < 0 || options.layer >= kMaxLayers) {
    throw ShapeError(
        fmt::format("dropout: layer must be in 0 .. {}, got {}", kMaxLayers - 1, options.layer));
  }
  const bool by_image = !rows.images.defined();
  if (!rows.defined() || rows.image_ids.rank() != 1 || rows.image_ids.dtype() != DType::kI64 ||
      (by_image && rows.image_ids.numel() != x.size(0))) {
    throw ShapeError(fmt::format("dropout: image_ids must be i64 {}, got {}",
                                 by_image ? to_string(Shape{x.size(0)}) : "[N]",
                                 rows.defined() ? to_string(rows.image_ids.shape()) : "none"));
  }
  if (by_image) return;
  require_tensor("dropout", "images", rows.images, DType::kI32, {x.size(0)});
  require_tensor("dropout", "numbers", rows.numbers, DType::kI32, {x.size(0)});
}

}  // namespace

Tensor dropout(const Tensor& x, const DropoutRows& rows, const DropoutOptions& options) {
  check(x, rows, options);
  const Tensor y = x.empty_like(), kept = Tensor::empty(x.shape(), DType::kU8, x.device());
  with_backend(x.device(), [&](auto& ctx) { run(ctx, DropoutForward{x, y, kept, rows, options}); });
  if (wants_grad({x})) {
    auto node = std::make_shared<DropoutNode>();
    node->kept = kept;
    node->rate = options.rate;
    attach(node, {x}, {y});
  }
  return y;
}

}  // namespace denovo::ops
