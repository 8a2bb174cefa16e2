// Convolution on the CPU: Winograd where it pays (winograd_cpu.h), else oneDNN with plain NHWC
// activations (brgconv), weights in the format each primitive asks for. Primitives are kept in a
// cache keyed by a plain struct of sizes.
#include <fmt/format.h>

#include <unordered_map>

#include "core/cpu/onednn.h"
#include "core/profile.h"
#include "ops/conv2d/conv2d_trace.h"
#include "ops/conv2d/winograd_cpu.h"

namespace denovo::ops {
namespace {

using dnnl::memory;
using dnnl::prop_kind;
constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;

struct Descs {
  memory::desc x, weight, bias, y;  // plain layouts of our tensors
  memory::desc weight_any;          // what the primitive may choose
};

/// A planned convolution: the primitive, the weight layout it wants, and the reorder between them.
struct Plan {
  dnnl::primitive primitive;
  memory::desc x, y, weight, plain_weight, scratchpad;
  dnnl::reorder reorder,
      reorder_accumulate;  // to the wanted layout (forward, data), or back (weight)
  bool reorders = false;
};

Descs describe(const Conv2dSizes& s, DType dtype, bool bias) {
  const auto type = onednn_type(dtype);
  Descs d;
  d.x = memory::desc({s.n, s.c_in, s.h, s.w}, type, memory::format_tag::nhwc);
  d.y = memory::desc({s.n, s.c_out, s.out_h, s.out_w}, type, memory::format_tag::nhwc);
  if (bias) d.bias = memory::desc({s.c_out}, type, memory::format_tag::x);
  if (s.options.groups == 1) {
    const memory::dims dims{s.c_out, s.c_in, s.kh, s.kw};
    d.weight = memory::desc(dims, type, memory::format_tag::ohwi);
    d.weight_any = memory::desc(dims, type, memory::format_tag::any);
  } else {
    const memory::dims dims{s.options.groups, s.group_out(), s.group_in(), s.kh, s.kw};
    d.weight = memory::desc(dims, type, memory::format_tag::gohwi);
    d.weight_any = memory::desc(dims, type, memory::format_tag::any);
  }
  return d;
}

Plan make_plan(ConvDirection direction, const Conv2dSizes& s, const Descs& d) {
  auto& engine = onednn_engine();
  const memory::dims strides{s.options.stride, s.options.stride},
      padding{s.options.padding, s.options.padding},
      dilation{s.options.dilation - 1, s.options.dilation - 1};
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const dnnl::convolution_forward::desc forward =
      d.bias.get_size() > 0 && direction == ConvDirection::kForward
          ? dnnl::convolution_forward::desc(prop_kind::forward_training, kAlgorithm, d.x,
                                            d.weight_any, d.bias, d.y, strides, dilation, padding,
                                            padding)
          : dnnl::convolution_forward::desc(prop_kind::forward_training, kAlgorithm, d.x,
                                            d.weight_any, d.y, strides, dilation, padding, padding);
  if (direction == ConvDirection::kForward && s.options.relu) {
    dnnl::post_ops relu;
    relu.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, 0.f, 0.f);
    attr.set_post_ops(relu);
  }
  const dnnl::convolution_forward::primitive_desc hint(forward, attr, engine);
  Plan plan;
  plan.plain_weight = d.weight;
  plan.x = d.x;
  plan.y = d.y;
  if (direction == ConvDirection::kForward) {
    plan.primitive = dnnl::convolution_forward(hint);
    plan.weight = hint.weights_desc();
    plan.scratchpad = hint.scratchpad_desc();
  } else if (direction == ConvDirection::kBackwardData) {
    const dnnl::convolution_backward_data::primitive_desc pd(
        dnnl::convolution_backward_data::desc(kAlgorithm, d.x, d.weight_any, d.y, strides, dilation,
                                              padding, padding),
        attr, engine, hint);
    plan.primitive = dnnl::convolution_backward_data(pd);
    plan.weight = pd.weights_desc();
    plan.scratchpad = pd.scratchpad_desc();
  } else {
    const dnnl::convolution_backward_weights::primitive_desc pd(
        dnnl::convolution_backward_weights::desc(kAlgorithm, d.x, d.weight_any, d.y, strides,
                                                 dilation, padding, padding),
        attr, engine, hint);
    plan.primitive = dnnl::convolution_backward_weights(pd);
    plan.weight = pd.diff_weights_desc();
    plan.scratchpad = pd.scratchpad_desc();
  }
  plan.reorders = plan.weight != d.weight;
  const bool back = direction == ConvDirection::kBackwardWeight;
  if (plan.reorders) {
    const auto &from = back ? plan.weight : d.weight, &to = back ? d.weight : plan.weight;
    plan.reorder = dnnl::reorder(dnnl::reorder::primitive_desc(engine, from, engine, to));
  }
  if (back) {
    dnnl::primitive_attr add;
    dnnl::post_ops sum;
    sum.append_sum(1.f);
    add.set_post_ops(sum);
    plan.reorder_accumulate =
        dnnl::reorder(dnnl::reorder::primitive_desc(engine, plan.weight, engine, d.weight, add));
  }
  return plan;
}

const Plan& plan_for(ConvDirection direction, const Conv2dSizes& s, DType dtype, bool bias) {
  // One thread drives the backend; a training run has a few hundred shapes.
  static std::unordered_map<Conv2dKey, Plan, Conv2dKeyHash> cache;
  const Conv2dKey key(direction, s, dtype, bias);
  const auto found = cache.find(key);
  if (found != cache.end()) return found->second;
  constexpr size_t kMaxPlans = 4096;  // bounds memory when every image has its own shape
  if (cache.size() >= kMaxPlans) cache.clear();
  return cache.emplace(key, make_plan(direction, s, describe(s, dtype, bias))).first->second;
}

std::string shapes(const Conv2dSizes& s) {
  return fmt::format("x [{}, {}, {}, {}], weight [{}, {}, {}, {}], ops/conv2d/conv2d_cpu.cpp", s.n,
                     s.h, s.w, s.c_in, s.c_out, s.kh, s.kw, s.group_in());
}

Tensor scratch_weight(const memory::desc& desc) {
  return Tensor::empty({static_cast<int64_t>(desc.get_size())}, DType::kU8);
}

/// The weight in the layout the plan wants: the tensor itself or a reordered copy.
dnnl::memory wanted_weight(const Plan& plan, const Tensor& weight, Tensor& keep) {
  const dnnl::memory plain = onednn_memory(plan.plain_weight, weight);
  if (!plan.reorders) return plain;
  keep = scratch_weight(plan.weight);
  dnnl::memory wanted = onednn_memory(plan.weight, keep);
  dnnl::reorder(plan.reorder).execute(onednn_stream(), const_cast<dnnl::memory&>(plain), wanted);
  return wanted;
}

void backward_data(CpuContext& ctx, const Conv2dSizes& s, const Conv2dBackwardData& args) {
  if (args.grad_x.dtype() == DType::kBF16 && !onednn_computes(DType::kBF16)) {
    return compute_in_f32(args.grad_x, false, [&](const Tensor& grad_x) {
      run(ctx, Conv2dBackwardData{args.grad_y.to(DType::kF32), args.weight.to(DType::kF32), grad_x,
                                  0, args.options});
    });
  }
  const ProfileKernel profile("conv2d", s.flops());
  if (args.grad_x.dtype() == DType::kF64) return conv2d_loops_backward_data<double>(ctx, s, args);
  try {
    if (winograd_fits(s, args.grad_x.dtype())) return winograd_backward_data(ctx, s, args);
    const Plan& plan = plan_for(ConvDirection::kBackwardData, s, args.grad_x.dtype(), false);
    const OneDnnScratch scratch(plan.scratchpad);
    Tensor keep;
    plan.primitive.execute(onednn_stream(),
                           {{DNNL_ARG_DIFF_DST, onednn_memory(plan.y, args.grad_y)},
                            {DNNL_ARG_WEIGHTS, wanted_weight(plan, args.weight, keep)},
                            {DNNL_ARG_DIFF_SRC, onednn_memory(plan.x, args.grad_x)},
                            {DNNL_ARG_SCRATCHPAD, scratch.memory()}});
  } catch (const dnnl::error& error) {
    throw_onednn("convolution backward data", shapes(s), error);
  }
}

}  // namespace

void run(CpuContext& ctx, const Conv2dForward& args) {
  const Conv2dSizes s(args.x, args.weight, args.y, args.options);
  if (args.y.numel() == 0) return;
  if (args.x.dtype() == DType::kBF16 && !onednn_computes(DType::kBF16)) {
    const Tensor bias = args.bias.defined() ? args.bias.to(DType::kF32) : Tensor();
    return compute_in_f32(args.y, false, [&](const Tensor& y) {
      run(ctx, Conv2dForward{args.x.to(DType::kF32), args.weight.to(DType::kF32), bias, y,
                             args.options});
    });
  }
  note_convolution(ConvDirection::kForward, s, args.x.dtype(), args.bias.defined(), false);
  const ProfileKernel profile("conv2d", s.flops());
  if (args.x.dtype() == DType::kF64) return conv2d_loops_forward<double>(ctx, s, args);
  try {
    if (winograd_fits(s, args.x.dtype())) return winograd_forward(ctx, s, args);
    const Plan& plan = plan_for(ConvDirection::kForward, s, args.x.dtype(), args.bias.defined());
    const OneDnnScratch scratch(plan.scratchpad);
    Tensor keep;
    std::unordered_map<int, dnnl::memory> arguments{
        {DNNL_ARG_SRC, onednn_memory(plan.x, args.x)},
        {DNNL_ARG_WEIGHTS, wanted_weight(plan, args.weight, keep)},
        {DNNL_ARG_DST, onednn_memory(plan.y, args.y)},
        {DNNL_ARG_SCRATCHPAD, scratch.memory()}};
    if (args.bias.defined()) {
      arguments.emplace(DNNL_ARG_BIAS,
                        onednn_memory(describe(s, args.x.dtype(), true).bias, args.bias));
    }
    plan.primitive.execute(onednn_stream(), arguments);
  } catch (const dnnl::error& error) {
    throw_onednn("convolution forward", shapes(s), error);
  }
}

void run(CpuContext& ctx, const Conv2dBackwardData& args) {
  const Conv2dSizes s(args.grad_x, args.weight, args.grad_y, args.options);
  if (args.grad_x.numel() == 0) return;
  note_convolution(ConvDirection::kBackwardData, s, args.grad_x.dtype(), false, args.beta != 0);
  if (args.beta == 0 || winograd_fits(s, args.grad_x.dtype())) return backward_data(ctx, s, args);
  const Tensor term = args.grad_x.empty_like();  // oneDNN cannot add
  backward_data(ctx, s, {args.grad_y, args.weight, term, 0, args.options});
  accumulate(args.grad_x, term);
}

void run(CpuContext& ctx, const Conv2dBackwardWeight& args) {
  const Conv2dSizes s(args.x, args.grad_weight, args.grad_y, args.options);
  if (args.x.numel() == 0 || args.grad_y.numel() == 0) {
    if (args.beta == 0) fill(args.grad_weight, 0);
    return;
  }
  if (args.x.dtype() == DType::kBF16 && !onednn_computes(DType::kBF16)) {
    return compute_in_f32(args.grad_weight, args.beta != 0, [&](const Tensor& grad_weight) {
      run(ctx, Conv2dBackwardWeight{args.x.to(DType::kF32), args.grad_y.to(DType::kF32),
                                    grad_weight, args.beta, args.options});
    });
  }
  note_convolution(ConvDirection::kBackwardWeight, s, args.x.dtype(), false, args.beta != 0);
  const ProfileKernel profile("conv2d", s.flops());
  if (args.x.dtype() == DType::kF64) return conv2d_loops_backward_weight<double>(ctx, s, args);
  try {
    if (winograd_fits(s, args.x.dtype())) return winograd_backward_weight(ctx, s, args);
    const Plan& plan = plan_for(ConvDirection::kBackwardWeight, s, args.x.dtype(), false);
    const OneDnnScratch scratch(plan.scratchpad);
    const bool direct = !plan.reorders && args.beta == 0;
    const Tensor own = direct ? args.grad_weight : scratch_weight(plan.weight);
    dnnl::memory computed = onednn_memory(plan.weight, own),
                 target = onednn_memory(plan.plain_weight, args.grad_weight);
    plan.primitive.execute(onednn_stream(),
                           {{DNNL_ARG_SRC, onednn_memory(plan.x, args.x)},
                            {DNNL_ARG_DIFF_DST, onednn_memory(plan.y, args.grad_y)},
                            {DNNL_ARG_DIFF_WEIGHTS, computed},
                            {DNNL_ARG_SCRATCHPAD, scratch.memory()}});
    if (direct) return;
    dnnl::reorder(args.beta == 0 ? plan.reorder : plan.reorder_accumulate)
        .execute(onednn_stream(), computed, target);
  } catch (const dnnl::error& error) {
    throw_onednn("convolution backward weight", shapes(s), error);
  }
}

}  // namespace denovo::ops
