// Convolution on the GPU: cuDNN plans of deterministic engines; a linear layer where it is one.
#include <fmt/format.h>

#include "core/cuda/cuda_context.h"
#include "core/error.h"
#include "ops/bias/bias_kernels.h"
#include "ops/conv2d/conv2d_kernels.h"
#include "ops/conv2d/conv2d_plans.h"
#include "ops/linear/linear_kernels.h"

namespace denovo::ops {
namespace {

/// cuDNN's vector loads want 16 bytes; a view into an arena may have less.
int64_t common_alignment(std::initializer_list<const Tensor*> tensors) {
  int64_t alignment = 16;
  for (const Tensor* tensor : tensors) {
    if (!tensor->defined()) continue;
    while (reinterpret_cast<uintptr_t>(tensor->raw()) % static_cast<uintptr_t>(alignment) != 0) {
      alignment /= 2;
    }
  }
  return alignment;
}

/// False when no engine serves the key.
bool run_plan(CudaContext& ctx, const Conv2dKey& key, ConvBindings bindings) {
  const CudnnPlan* plan = conv2d_plans(ctx).find(key, bindings);
  if (!plan) return false;
  try {
    execute(ctx, *plan, bindings);
  } catch (const BackendError& error) {
    throw BackendError(fmt::format("conv2d: {} (engine {}, {}, ops/conv2d/conv2d_cuda.cpp)",
                                   error.what(), plan->choice.engine, to_string(key)));
  }
  return true;
}

void run_or_throw(CudaContext& ctx, const Conv2dKey& key, ConvBindings bindings) {
  if (run_plan(ctx, key, bindings)) return;
  throw BackendError(
      fmt::format("conv2d: cuDNN has no deterministic engine for {}; use --device cpu, or other "
                  "channels, kernel or groups",
                  to_string(key)));
}

/// Pixels (or kernels) by channels.
Tensor matrix(const Tensor& tensor) {
  return tensor.view({tensor.numel() / tensor.size(-1), tensor.size(-1)});
}

}  // namespace

void run(CudaContext& ctx, const Conv2dForward& args) {
  if (args.y.numel() == 0) return;
  const Conv2dSizes sizes(args.x, args.weight, args.y, args.options);
  const int64_t alignment = common_alignment({&args.x, &args.weight, &args.bias, &args.y});
  Conv2dKey key(ConvDirection::kForward, sizes, args.x.dtype(), args.bias.defined());
  key.alignment = alignment;
  key.tf32 = ctx.tf32();
  if (is_product(key)) {
    run(ctx, LinearForward{matrix(args.x), matrix(args.weight), matrix(args.y)});
    run(ctx, AddBias{args.y, args.bias, args.options.relu});
    return;
  }
  // Precompiled engines fuse a bias, and a ReLU behind a bias, but not a ReLU alone.
  if (key.bias) {
    const std::pair<int64_t, void*> bindings[] = {{kX, args.x.raw()},
                                                  {kWeight, args.weight.raw()},
                                                  {kBias, args.bias.raw()},
                                                  {kY, args.y.raw()}};
    if (run_plan(ctx, key, bindings)) return;
  }
  key.bias = key.relu = 0;
  const std::pair<int64_t, void*> bindings[] = {
      {kX, args.x.raw()}, {kWeight, args.weight.raw()}, {kY, args.y.raw()}};
  run_or_throw(ctx, key, bindings);
  run(ctx, AddBias{args.y, args.bias, args.options.relu});
}

void run(CudaContext& ctx, const Conv2dBackwardData& args) {
  if (args.grad_x.numel() == 0) return;
  const Conv2dSizes sizes(args.grad_x, args.weight, args.grad_y, args.options);
  Conv2dKey key(ConvDirection::kBackwardData, sizes, args.grad_x.dtype(), false);
  key.accumulate = args.beta != 0;
  key.alignment = common_alignment({&args.grad_x, &args.weight, &args.grad_y});
  key.tf32 = ctx.tf32();
  if (is_product(key)) {
    run(ctx, LinearBackwardData{matrix(args.grad_y), matrix(args.weight), matrix(args.grad_x),
                                args.beta});
    return;
  }
  const std::pair<int64_t, void*> bindings[] = {
      {kX, args.grad_x.raw()}, {kWeight, args.weight.raw()}, {kY, args.grad_y.raw()}};
  run_or_throw(ctx, key, bindings);
}

void run(CudaContext& ctx, const Conv2dBackwardWeight& args) {
  if (args.x.numel() == 0 || args.grad_y.numel() == 0) {
    if (args.beta == 0) fill(args.grad_weight, 0);
    return;
  }
  const Conv2dSizes sizes(args.x, args.grad_weight, args.grad_y, args.options);
  Conv2dKey key(ConvDirection::kBackwardWeight, sizes, args.x.dtype(), false);
  key.accumulate = args.beta != 0;
  key.alignment = common_alignment({&args.x, &args.grad_weight, &args.grad_y});
  key.tf32 = ctx.tf32();
  if (is_product(key)) {
    run(ctx, LinearBackwardWeight{matrix(args.x), matrix(args.grad_y), matrix(args.grad_weight),
                                  args.beta});
    return;
  }
  const std::pair<int64_t, void*> bindings[] = {
      {kX, args.x.raw()}, {kWeight, args.grad_weight.raw()}, {kY, args.grad_y.raw()}};
  run_or_throw(ctx, key, bindings);
}

}  // namespace denovo::ops
