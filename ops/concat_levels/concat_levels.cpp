#include "ops/concat_levels/concat_levels.h"

#include <fmt/format.h>

#include "core/autograd/autograd.h"
#include "ops/concat_levels/concat_levels_kernels.h"

namespace denovo::ops {
namespace {

struct ConcatLevelsNode : Node {
  std::vector<int64_t> firsts;  // element offset of each level in an image's row

  std::string_view name() const override { return "concat_levels"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    with_backend(grad_outputs[0].device(), [&](auto& ctx) {
      for (size_t i = 0; i < grad_inputs.size(); ++i) {
        GradSlot& slot = grad_inputs[i];
        if (slot)
          run(ctx, CopyLevel{slot.buffer(), grad_outputs[0], firsts[i], false, slot.beta()});
      }
    });
  }
};

}  // namespace

Tensor concat_levels(const std::vector<Tensor>& levels, int64_t values) {
  int64_t total = 0;
  for (const Tensor& level : levels) {
    if (level.rank() != 4 || level.size(0) != levels[0].size(0) || level.size(3) % values != 0 ||
        level.dtype() != levels[0].dtype()) {
      throw ShapeError(
          fmt::format("concat_levels: every level must be {} [N={}, h, w, A * {}], got {} {}",
                      name(levels[0].dtype()), levels[0].size(0), values, name(level.dtype()),
                      to_string(level.shape())));
    }
    total += level.size(1) * level.size(2) * level.size(3);
  }
  const Tensor y = Tensor::empty({levels[0].size(0), total / values, values}, levels[0].dtype(),
                                 levels[0].device());
  auto node = std::make_shared<ConcatLevelsNode>();
  int64_t first = 0;
  with_backend(y.device(), [&](auto& ctx) {
    for (const Tensor& level : levels) {
      run(ctx, CopyLevel{level, y, first, true, 0});
      node->firsts.push_back(first);
      first += level.size(1) * level.size(2) * level.size(3);
    }
  });
  if (wants_grad(levels)) attach(node, levels, std::span(&y, 1));
  return y;
}

}  // namespace denovo::ops
