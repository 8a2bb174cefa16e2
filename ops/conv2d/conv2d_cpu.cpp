// Convolution on the CPU: Winograd where it pays (winograd_cpu.h), else oneDNN with plain NHWC
// activations (brgconv), weights in the format each primitive asks for. Primitives are kept in a
// cache keyed by a plain struct of sizes.
#include <fmt/format.h>

#include <cstring>

#include "core/cpu/weighted_plan.h"
#include "core/kernels/parallel.h"
#include "core/run/lru_cache.h"
#include "core/run/profile.h"
#include "ops/conv2d/conv2d_trace.h"
#include "ops/conv2d/conv2d_tuning.h"
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

WeightedPlan make_plan(ConvDirection direction, const Conv2dSizes& s, const Descs& d) {
  auto& engine = onednn_engine();
  const memory::dims strides{s.options.stride, s.options.stride},
      padding{s.options.padding, s.options.padding},
      dilation{s.options.dilation - 1, s.options.dilation - 1};
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (direction == ConvDirection::kForward && s.options.relu) {
    dnnl::post_ops relu;
    relu.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, 0.f, 0.f);
    attr.set_post_ops(relu);
  }
  using Forward = dnnl::convolution_forward;
  using Data = dnnl::convolution_backward_data;
  using Weight = dnnl::convolution_backward_weights;
  constexpr auto kTraining = prop_kind::forward_training;
  const Forward::desc forward =
      d.bias.get_size() > 0 ? Forward::desc(kTraining, kAlgorithm, d.x, d.weight_any, d.bias, d.y,
                                            strides, dilation, padding, padding)
                            : Forward::desc(kTraining, kAlgorithm, d.x, d.weight_any, d.y, strides,
                                            dilation, padding, padding);
  const Forward::primitive_desc hint(forward, attr, engine);
  if (direction == ConvDirection::kForward) {
    return {Forward(hint), hint.scratchpad_desc(), hint.weights_desc(), d.x, d.y, d.weight, d.bias};
  }
  if (direction == ConvDirection::kBackwardData) {
    const Data::primitive_desc pd(
        Data::desc(kAlgorithm, d.x, d.weight_any, d.y, strides, dilation, padding, padding), attr,
        engine, hint);
    return {Data(pd), pd.scratchpad_desc(), pd.weights_desc(), d.x, d.y, d.weight};
  }
  const Weight::primitive_desc pd(
      Weight::desc(kAlgorithm, d.x, d.weight_any, d.y, strides, dilation, padding, padding), attr,
      engine, hint);
  return {Weight(pd), pd.scratchpad_desc(), pd.diff_weights_desc(), d.x, d.y, d.weight};
}

const WeightedPlan& plan_for(ConvDirection direction, const Conv2dSizes& s, DType dtype,
                             bool bias) {
  // One thread drives the backend. A plan with its code takes 30 to 180 KiB, measured over 100
  // shapes of each kind with oneDNN 2.6.
  constexpr size_t kPlanBytes = size_t{100} << 10, kMaxBytes = size_t{512} << 20;
  static LruCache<Conv2dKey, WeightedPlan, HashWords> plans(kMaxBytes);
  const Conv2dKey key(direction, s, dtype, bias);
  if (const WeightedPlan* plan = plans.find(key)) return *plan;
  return plans.add(key, make_plan(direction, s, describe(s, dtype, bias)), kPlanBytes);
}

std::string shapes(const Conv2dSizes& s) {
  return fmt::format("x [{}, {}, {}, {}], weight [{}, {}, {}, {}], ops/conv2d/conv2d_cpu.cpp", s.n,
                     s.h, s.w, s.c_in, s.c_out, s.kh, s.kw, s.group_in());
}

void backward_data(CpuContext& ctx, const Conv2dSizes& s, const Conv2dBackwardData& args) {
  if (args.grad_x.dtype() == DType::kBF16 && !onednn_computes(DType::kBF16)) {
    return compute_in_f32(args.grad_x, false, [&](const Tensor& grad_x) {
      backward_data(
          ctx, s,
          {args.grad_y.to(DType::kF32), args.weight.to(DType::kF32), grad_x, 0, args.options});
    });
  }
  const ProfileKernel profile("conv2d", s.flops());
  if (args.grad_x.dtype() == DType::kF64) return conv2d_loops_backward_data<double>(ctx, s, args);
  try {
    if (winograd_fits(s, args.grad_x.dtype())) return winograd_backward_data(ctx, s, args);
    plan_for(ConvDirection::kBackwardData, s, args.grad_x.dtype(), false)
        .backward_data(args.grad_y, args.weight, args.grad_x);
  } catch (const dnnl::error& error) {
    throw_onednn("convolution backward data", shapes(s), error);
  }
}

/// oneDNN 2.6 gathers the pixels that the stride of a 1x1 filter meets, a vector of channels for
/// each, in a scratchpad that is made for the channels alone: with fewer than a vector's the weight
/// gradient writes into what other threads have gathered, and beyond the end.
bool onednn_overruns_weight_gradient(const Conv2dSizes& s) {
  constexpr int64_t kVectorChannels = 16;
  return s.options.stride > 1 && s.options.padding == 0 && s.kh == 1 && s.kw == 1 &&
         s.group_in() < kVectorChannels;
}

/// The pixels that the stride of a 1x1 filter meets.
Tensor met_pixels(CpuContext& ctx, const Conv2dSizes& s, const Tensor& x) {
  const Tensor met = Tensor::empty({s.n, s.out_h, s.out_w, s.c_in}, x.dtype());
  const size_t pixel = static_cast<size_t>(s.c_in) * size_of(x.dtype());
  const std::byte* from = x.raw();
  std::byte* to = met.raw();
  parallel_for(
      ctx, s.n * s.out_h,
      [&](int64_t row) {
        const int64_t n = row / s.out_h, y = row % s.out_h * s.options.stride;
        for (int64_t i = 0; i < s.out_w; ++i)
          std::memcpy(
              to + static_cast<size_t>(row * s.out_w + i) * pixel,
              from + static_cast<size_t>((n * s.h + y) * s.w + i * s.options.stride) * pixel,
              pixel);
      },
      s.out_w * s.c_in);
  return met;
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
    plan_for(ConvDirection::kForward, s, args.x.dtype(), args.bias.defined())
        .forward(args.x, args.weight, args.bias, args.y);
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
    if (onednn_overruns_weight_gradient(s)) {
      Conv2dOptions options = args.options;
      options.stride = 1;
      const Tensor x = met_pixels(ctx, s, args.x);
      const Conv2dSizes met(x, args.grad_weight, args.grad_y, options);
      return plan_for(ConvDirection::kBackwardWeight, met, x.dtype(), false)
          .backward_weight(x, args.grad_y, args.grad_weight, args.beta);
    }
    plan_for(ConvDirection::kBackwardWeight, s, args.x.dtype(), false)
        .backward_weight(args.x, args.grad_y, args.grad_weight, args.beta);
  } catch (const dnnl::error& error) {
    throw_onednn("convolution backward weight", shapes(s), error);
  }
}

// oneDNN has one way for each convolution.
void tune_convolutions(CpuContext&, const std::string&) {}
void stop_tuning_convolutions(CpuContext&) {}

}  // namespace denovo::ops
