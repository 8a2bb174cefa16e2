// Reference numbers: tests/oracles/dense_ops.py.
#include "ops/batch_norm/batch_norm.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/autograd/autograd.h"
#include "core/kernels/backend.h"
#include "testing/op_case.h"
#include "testing/ramp.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

/// Running statistics that a forward may overwrite, mean -0.2 and variance 0.7.
ops::BatchNormState state_of(const Tensor& weight, const Tensor& bias, DType dtype) {
  return {weight, bias, Tensor::full(weight.shape(), -0.2, dtype, weight.device()),
          Tensor::full(weight.shape(), 0.7, dtype, weight.device())};
}

Tensor reference(std::span<const Tensor> in, const ops::BatchNormOptions& options,
                 const std::vector<int32_t>& slots) {
  const auto x = in[0].to_vector<double>(), weight = in[1].to_vector<double>(),
             bias = in[2].to_vector<double>();
  const auto residual = in.size() > 3 ? in[3].to_vector<double>() : std::vector<double>(x.size());
  const size_t channels = weight.size(), per_sample = x.size() / slots.size();
  std::vector<double> y(x.size());
  for (size_t c = 0; c < channels; ++c) {
    double count = 0, mean = 0, variance = 0;
    const auto each = [&](auto&& f) {
      for (size_t i = c; i < x.size(); i += channels) {
        if (slots[i / per_sample] >= 0) f(i);
      }
    };
    each([&](size_t) { ++count; });
    each([&](size_t i) { mean += x[i] / count; });
    each([&](size_t i) { variance += (x[i] - mean) * (x[i] - mean) / count; });
    if (!options.training) mean = -0.2, variance = 0.7;
    each([&](size_t i) {
      const double v =
          (x[i] - mean) / std::sqrt(variance + options.eps) * weight[c] + bias[c] + residual[i];
      y[i] = options.relu ? std::max(v, 0.0) : v;
    });
  }
  return Tensor::from(in[0].shape(), y);
}

OpCase batch_norm_case(std::string name, const Shape& shape, ops::BatchNormOptions options,
                       bool residual, std::vector<int32_t> slots = {}, double bf16_tolerance = 0) {
  const Tensor slot_tensor = slots.empty() ? Tensor() : Tensor::from<int32_t>({shape[0]}, slots);
  if (slots.empty()) slots.assign(static_cast<size_t>(shape[0]), 0);
  std::vector<Tensor> inputs{random_tensor(shape, 1), random_tensor({shape[-1]}, 2, 0.5, 1.5),
                             random_tensor({shape[-1]}, 3)};
  if (residual) inputs.push_back(random_tensor(shape, 4));
  return {
      .name = std::move(name),
      .inputs = inputs,
      .forward =
          [=](std::span<const Tensor> in) {
            const DType compute = compute_dtype(in[0].dtype());
            const Tensor used =
                slot_tensor.defined() ? slot_tensor.to(in[0].device()) : slot_tensor;
            return std::vector{ops::batch_norm(in[0], state_of(in[1], in[2], compute), options,
                                               in.size() > 3 ? in[3] : Tensor(), used)};
          },
      .reference =
          [=](std::span<const Tensor> in) { return std::vector{reference(in, options, slots)}; },
      .bf16_tolerance = bf16_tolerance};
}

const OpCases batch_norm_cases("batch_norm", [] {
  const ops::BatchNormOptions inference{.training = false};
  return std::vector<OpCase>{
      // bf16: inputs lose 2^-9 and divide by a deviation of 0.6; gradients are sums of 30 of them.
      batch_norm_case("training", {2, 5, 3, 4}, {}, false, {}, 4e-2),
      batch_norm_case("training, relu", {3, 3, 3, 5}, {.relu = true}, false),
      batch_norm_case("training, relu and residual", {2, 4, 3, 3}, {.relu = true}, true),
      batch_norm_case("training, residual", {2, 4, 3, 3}, {}, true, {}, 4e-2),
      batch_norm_case("empty slots", {4, 3, 2, 3}, {}, false, {-1, 0, 5, -1}, 4e-2),
      batch_norm_case("empty slots, residual", {3, 3, 2, 3}, {}, true, {1, -1, 0}, 4e-2),
      batch_norm_case("empty slots, relu, residual", {3, 3, 2, 3}, {.relu = true}, true,
                      {1, -1, 0}),
      batch_norm_case("inference", {2, 3, 3, 4}, inference, false, {}, 4e-2),
      batch_norm_case("inference, relu, empty slot", {3, 3, 3, 4},
                      {.training = false, .relu = true}, true, {0, -1, 1}),
      batch_norm_case("after a linear layer", {7, 5}, {}, false, {}, 4e-2),
      batch_norm_case("two slabs of rows", {2, 19, 15, 1}, {.eps = 1e-3}, false)};
});

ops::BatchNormState ramp_state() {
  return {ramp({3}, 29), ramp({3}, 43), ramp({3}, 17), [] {
            auto values = ramp({3}, 19).to_vector<double>();
            for (double& v : values) v += 2;
            return Tensor::from<double>({3}, values);
          }()};
}

/// [2, 3, C]
Tensor stack(const Tensor& a, const Tensor& b) {
  const Tensor both = Tensor::empty({2, 3, a.size(1)}, DType::kF64);
  copy(both.rows(0, 1), a.view({1, 3, a.size(1)}));
  copy(both.rows(1, 2), b.view({1, 3, b.size(1)}));
  return both;
}

/// The batch norms of two ranks that exchange statistics as processes would: each rank's callback
/// joins what the other one found for itself.
struct TwoRanks {
  Tensor x[2], y[2], slots[2];
  std::vector<double> grad_x, grad_weight;

  explicit TwoRanks(const Tensor& all, int64_t split, const Tensor& weight, const Tensor& bias,
                    const Tensor& grad) {
    const int64_t bounds[] = {0, split, all.size(0)};
    Tensor moments[2], sums[2];
    for (int r : {0, 1}) {
      x[r] = all.rows(bounds[r], bounds[r + 1]).clone().set_requires_grad(true);
      moments[r] = ops::batch_moments(x[r]);
    }
    for (int pass : {0, 1}) {  // the first finds each rank's own sums, the second has both
      for (int r : {0, 1}) {
        x[r].clear_grad();
        const Tensor w = weight.clone().set_requires_grad(true);
        const ops::BatchNormSync sync{
            .merge = [&](const Tensor& m) { ops::merge_moments(stack(moments[0], moments[1]), m); },
            .add =
                [&, r](const Tensor& s) {
                  if (pass == 0) sums[r] = s.clone();
                  if (pass == 1) accumulate(s, sums[1 - r]);
                }};
        y[r] = ops::batch_norm(x[r], state_of(w, bias, DType::kF64), {}, {}, {}, sync);
        backward(y[r], grad.rows(bounds[r], bounds[r + 1]));
        if (pass == 0) continue;
        const auto gx = x[r].grad().to_vector<double>(), gw = w.grad().to_vector<double>();
        grad_x.insert(grad_x.end(), gx.begin(), gx.end());
        grad_weight.resize(gw.size());
        for (size_t c = 0; c < gw.size(); ++c) grad_weight[c] += gw[c];
      }
    }
  }
};

}  // namespace

TEST_CASE("batch_norm: training and inference equal PyTorch, running statistics too") {
  ops::BatchNormState state = ramp_state();
  const Tensor x = ramp({2, 2, 1, 3}).set_requires_grad(true);
  state.weight.set_requires_grad(true);
  state.bias.set_requires_grad(true);
  const Tensor y = ops::batch_norm(x, state);
  backward(y, ramp({2, 2, 1, 3}, 71));
  check_close(y,
              {0.266375181183136, 0.348301328508496, 1.27057420985668, -0.431208272938955,
               0.169433776169499, 1.36369370559095, -1.12879172706105, -0.00943377616949877,
               0.516306294409049, -1.82637518118314, -0.188301328508496, 0.609425790143324},
              1e-14);
  check_close(x.grad(),
              {0.000230156508558968, 0.180498498227151, -0.070669870085773, 7.67188361863064e-05,
               -0.542021260132241, 0.0551354619475014, -7.67188361863064e-05, 0.542021260132241,
               -0.0551354619475014, -0.000230156508558968, -0.180498498227151, 0.070669870085773},
              1e-13);
  check_close(state.weight.grad(), {0.983771537864487, -2.62935301938326, -0.81945156246162},
              1e-14);
  check_close(state.bias.grad(), {-1.8, -0.16, 1.48}, 1e-14);
  check_close(state.running_mean, {-0.75, -0.37, -0.091}, 1e-14);
  check_close(state.running_variance, {1.10466666666667, 1.44666666666667, 1.87081333333333},
              1e-14);
  check_close(ops::batch_norm(x, state, {.training = false}),
              {-0.757736252544905, 0.025127064100781, 1.15975749258165, -0.906161235578873,
               -0.00812926068662452, 1.21532196605363, -1.05458621861284, -0.0413855854740301,
               0.709685257458671, -1.20301120164681, -0.0746419102614356, 0.765249730930644},
              1e-14);
}

TEST_CASE("batch_norm: two ranks that merge their statistics equal one with the whole batch") {
  const Tensor all = random_tensor({5, 3, 2, 4}, 1).set_requires_grad(true),
               grad = random_tensor({5, 3, 2, 4}, 2);
  const Tensor weight = random_tensor({4}, 3).set_requires_grad(true), bias = random_tensor({4}, 4);
  const Tensor y = ops::batch_norm(all, state_of(weight, bias, DType::kF64));
  backward(y, grad);
  for (const int64_t split : {2, 5}) {  // with 5 the second rank has nothing
    const TwoRanks ranks(all, split, weight.detach(), bias, grad);
    const auto whole = y.to_vector<double>();
    const auto first = static_cast<std::ptrdiff_t>(split * 24);
    check_close(ranks.y[0], {whole.begin(), whole.begin() + first}, 1e-13);
    check_close(ranks.y[1], {whole.begin() + first, whole.end()}, 1e-13);
    check_close(all.grad(), ranks.grad_x, 1e-13);
    check_close(weight.grad(), ranks.grad_weight, 1e-13);
  }
}

TEST_CASE("batch_norm: NaN in an empty slot reaches nothing") {
  Tensor x = random_tensor({3, 2, 2, 2}, 1);
  for (int64_t i = 8; i < 16; ++i) x.data<double>()[i] = NAN;
  x.set_requires_grad(true);
  const Tensor weight = Tensor::full({2}, 1, DType::kF64).set_requires_grad(true);
  const auto state = state_of(weight, Tensor::zeros({2}, DType::kF64), DType::kF64);
  const Tensor slots = Tensor::from<int32_t>({3}, {4, -1, 4});
  const Tensor y = ops::batch_norm(x, state, {.relu = true}, {}, slots);
  backward(y, random_tensor(y.shape(), 2));
  for (const Tensor& t : {y, x.grad(), weight.grad(), state.running_mean, state.running_variance}) {
    for (const double v : t.to_vector<double>()) CHECK(std::isfinite(v));
  }
  for (int64_t i = 8; i < 16; ++i) CHECK(x.grad().data<double>()[i] == 0);
}

TEST_CASE(
    "batch_norm: a batch without valid samples gives zeros and keeps the running statistics") {
  for (const int64_t samples : {0, 2}) {
    const Tensor x = Tensor::full({samples, 2, 2, 3}, NAN, DType::kF32).set_requires_grad(true);
    const Tensor weight = Tensor::full({3}, 1, DType::kF32).set_requires_grad(true);
    const auto state = state_of(weight, Tensor::zeros({3}, DType::kF32), DType::kF32);
    const Tensor y = ops::batch_norm(x, state, {}, {}, Tensor::full({samples}, -1, DType::kI32));
    backward(y, Tensor::full(y.shape(), 1, DType::kF32));
    CHECK(weight.grad().to_vector<float>() == std::vector<float>(3, 0.f));
    CHECK(x.grad().to_vector<float>() == std::vector<float>(x.to_vector<float>().size(), 0.f));
    CHECK(state.running_mean.to_vector<float>() == std::vector<float>(3, -0.2f));
  }
}

TEST_CASE("batch_moments: a mean far from zero costs no accuracy, and merging equals one pass") {
  auto values = random_tensor({4, 20, 20, 2}, 5).to_vector<float>();
  for (float& v : values) v = 4096 + std::round(v * 512) / 512;  // exact in f32
  const Tensor x = Tensor::from<float>({4, 20, 20, 2}, values);
  const Tensor merged = Tensor::empty({3, 2}, DType::kF64),
               exact = ops::batch_moments(x.to(DType::kF64));
  ops::merge_moments(stack(ops::batch_moments(x.rows(0, 3)), ops::batch_moments(x.rows(3, 4))),
                     merged);
  const auto m = ops::batch_moments(x).to_vector<double>(), p = merged.to_vector<double>(),
             e = exact.to_vector<double>();
  for (size_t i = 0; i < e.size(); ++i) {
    CHECK(m[i] == doctest::Approx(e[i]).epsilon(1e-6));
    CHECK(p[i] == doctest::Approx(e[i]).epsilon(1e-6));
  }
}

TEST_CASE("batch_norm: the same bytes on any number of threads") {
  CpuContext& ctx = cpu_context();
  const int threads = ctx.num_threads();
  std::vector<Tensor> results;
  for (const int n : {1, 2, 5}) {
    ctx.set_num_threads(n);
    const Tensor x = random_tensor({3, 40, 50, 33}, 1).to(DType::kF32).set_requires_grad(true);
    const Tensor c = Tensor::full({33}, 0.5, DType::kF32);
    const Tensor y = ops::batch_norm(x, state_of(c, c, DType::kF32), {.relu = true});
    backward(y, random_tensor(y.shape(), 2).to(DType::kF32));
    results.push_back(x.grad());
  }
  ctx.set_num_threads(threads);
  for (const Tensor& r : results) CHECK(std::memcmp(r.raw(), results[0].raw(), r.bytes()) == 0);
}

TEST_CASE("batch_norm: says what does not fit") {
  const Tensor x = Tensor::zeros({2, 2, 2, 3}, DType::kF32), c = Tensor::zeros({3}, DType::kF32);
  CHECK_THROWS_WITH_AS(ops::batch_norm(x, {c, c, c, Tensor::zeros({4}, DType::kF32)}),
                       "batch_norm: running_variance must be [C=3], got [4]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::batch_norm(x, {c, c, Tensor::zeros({3}, DType::kF64), c}),
                       "batch_norm: running_mean does not fit x of dtype f32, got f64", ShapeError);
  CHECK_THROWS_WITH_AS(ops::batch_norm(x, {c, c, c, c}, {}, {}, c),
                       "batch_norm: slots must be i32 [N=2], got [3] f32", ShapeError);
  CHECK_THROWS_WITH_AS(ops::merge_moments(c, c),
                       "merge_moments: sets must be f64 [S, 3, C] and moments f64 [3, C], got f32 "
                       "[3] and f32 [3]",
                       ShapeError);
}
