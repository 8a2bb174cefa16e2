// Matrix products of the linear layer on the CPU: oneDNN's inner product, which may choose the
// weight layout (twice as fast as plain rows), and plain loops for f64.
#include <fmt/format.h>

#include <map>

#include "core/cpu/weighted_plan.h"
#include "core/kernels/parallel.h"
#include "core/run/profile.h"
#include "ops/linear/linear_kernels.h"

namespace denovo::ops {
namespace {

using dnnl::memory;

enum Direction { kForward, kBackwardData, kBackwardWeight };

WeightedPlan make_plan(Direction direction, int64_t rows, int64_t c_in, int64_t c_out,
                       DType dtype) {
  auto& engine = onednn_engine();
  const auto type = onednn_type(dtype);
  const memory::desc x({rows, c_in}, type, memory::format_tag::nc),
      y({rows, c_out}, type, memory::format_tag::nc),
      weight({c_out, c_in}, type, memory::format_tag::oi),
      any({c_out, c_in}, type, memory::format_tag::any);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  using Forward = dnnl::inner_product_forward;
  using Data = dnnl::inner_product_backward_data;
  using Weight = dnnl::inner_product_backward_weights;
  const Forward::primitive_desc hint(Forward::desc(dnnl::prop_kind::forward_training, x, any, y),
                                     attr, engine);
  if (direction == kForward)
    return {Forward(hint), hint.scratchpad_desc(), hint.weights_desc(), x, y, weight};
  if (direction == kBackwardData) {
    const Data::primitive_desc pd(Data::desc(x, any, y), attr, engine, hint);
    return {Data(pd), pd.scratchpad_desc(), pd.weights_desc(), x, y, weight};
  }
  const Weight::primitive_desc pd(Weight::desc(x, any, y), attr, engine, hint);
  return {Weight(pd), pd.scratchpad_desc(), pd.diff_weights_desc(), x, y, weight};
}

const WeightedPlan& plan_for(Direction direction, const Tensor& x, const Tensor& y) {
  static std::map<std::array<int64_t, 5>, WeightedPlan> cache;
  const std::array<int64_t, 5> key{direction, x.size(0), x.size(1), y.size(1),
                                   static_cast<int64_t>(x.dtype())};
  const auto found = cache.find(key);
  if (found != cache.end()) return found->second;
  return cache.emplace(key, make_plan(direction, x.size(0), x.size(1), y.size(1), x.dtype()))
      .first->second;
}

double flops(const Tensor& x, const Tensor& y) {
  return 2.0 * static_cast<double>(x.numel() * y.size(1));
}

/// c[i, j] = sum_k a(i, k) * b(k, j), c assigned or added to; the f64 path.
template <class A, class B>
void product_loops(CpuContext& ctx, int64_t rows, int64_t columns, int64_t inner, A a, B b,
                   double* c, bool add) {
  parallel_for(
      ctx, rows,
      [&](int64_t i) {
        double* row = c + i * columns;
        if (!add) std::fill(row, row + columns, 0.0);
        for (int64_t k = 0; k < inner; ++k) {
          const double factor = a(i, k);
          for (int64_t j = 0; j < columns; ++j) row[j] += factor * b(k, j);
        }
      },
      columns * inner);
}

template <class F>
void guarded(const char* what, const Tensor& x, const Tensor& y, F&& f) {
  try {
    f();
  } catch (const dnnl::error& error) {
    throw_onednn(what,
                 fmt::format("x {}, y {}, ops/linear/linear_cpu.cpp", to_string(x.shape()),
                             to_string(y.shape())),
                 error);
  }
}

}  // namespace

void run(CpuContext& ctx, const LinearForward& args) {
  const ProfileKernel profile("linear", flops(args.x, args.y));
  if (args.y.numel() == 0) return;
  if (args.x.dtype() == DType::kF64) {
    const double *x = args.x.data<double>(), *weight = args.weight.data<double>();
    const int64_t c_in = args.x.size(1);
    return product_loops(
        ctx, args.x.size(0), args.y.size(1), c_in,
        [=](int64_t i, int64_t k) { return x[i * c_in + k]; },
        [=](int64_t k, int64_t j) { return weight[j * c_in + k]; }, args.y.data<double>(), false);
  }
  if (!onednn_computes(args.x.dtype())) {
    return compute_in_f32(args.y, false, [&](const Tensor& y) {
      run(ctx, LinearForward{args.x.to(DType::kF32), args.weight.to(DType::kF32), y});
    });
  }
  guarded("inner product forward", args.x, args.y,
          [&] { plan_for(kForward, args.x, args.y).forward(args.x, args.weight, {}, args.y); });
}

void run(CpuContext& ctx, const LinearBackwardData& args) {
  if (args.beta != 0) {  // oneDNN's inner product only assigns
    const Tensor grad_x = args.grad_x.empty_like();
    run(ctx, LinearBackwardData{args.grad_y, args.weight, grad_x, 0});
    return accumulate(args.grad_x, grad_x);
  }
  const ProfileKernel profile("linear", flops(args.grad_x, args.grad_y));
  if (args.grad_x.numel() == 0) return;
  if (args.grad_x.dtype() == DType::kF64) {
    const double *g = args.grad_y.data<double>(), *weight = args.weight.data<double>();
    const int64_t c_in = args.grad_x.size(1), c_out = args.grad_y.size(1);
    return product_loops(
        ctx, args.grad_x.size(0), c_in, c_out,
        [=](int64_t i, int64_t k) { return g[i * c_out + k]; },
        [=](int64_t k, int64_t j) { return weight[k * c_in + j]; }, args.grad_x.data<double>(),
        false);
  }
  if (!onednn_computes(args.grad_x.dtype())) {
    return compute_in_f32(args.grad_x, false, [&](const Tensor& grad_x) {
      run(ctx,
          LinearBackwardData{args.grad_y.to(DType::kF32), args.weight.to(DType::kF32), grad_x, 0});
    });
  }
  guarded("inner product backward data", args.grad_x, args.grad_y, [&] {
    plan_for(kBackwardData, args.grad_x, args.grad_y)
        .backward_data(args.grad_y, args.weight, args.grad_x);
  });
}

void run(CpuContext& ctx, const LinearBackwardWeight& args) {
  const ProfileKernel profile("linear", flops(args.x, args.grad_y));
  if (args.x.numel() == 0 || args.grad_y.numel() == 0) {
    if (args.beta == 0) fill(args.grad_weight, 0);
    return;
  }
  if (args.x.dtype() == DType::kF64) {
    const double *g = args.grad_y.data<double>(), *x = args.x.data<double>();
    const int64_t c_in = args.x.size(1), c_out = args.grad_y.size(1);
    return product_loops(
        ctx, c_out, c_in, args.x.size(0), [=](int64_t i, int64_t k) { return g[k * c_out + i]; },
        [=](int64_t k, int64_t j) { return x[k * c_in + j]; }, args.grad_weight.data<double>(),
        args.beta != 0);
  }
  if (!onednn_computes(args.x.dtype())) {
    return compute_in_f32(args.grad_weight, args.beta != 0, [&](const Tensor& grad_weight) {
      run(ctx, LinearBackwardWeight{args.x.to(DType::kF32), args.grad_y.to(DType::kF32),
                                    grad_weight, args.beta});
    });
  }
  guarded("inner product backward weight", args.x, args.grad_y, [&] {
    plan_for(kBackwardWeight, args.x, args.grad_y)
        .backward_weight(args.x, args.grad_y, args.grad_weight, args.beta);
  });
}

}  // namespace denovo::ops
