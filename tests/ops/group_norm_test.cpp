// Reference numbers: tests/oracles/dense_ops.py.
#include "ops/group_norm/group_norm.h"

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

/// Two plain passes over every group.
Tensor reference(std::span<const Tensor> in, const ops::GroupNormOptions& options) {
  const auto x = in[0].to_vector<double>(), weight = in[1].to_vector<double>(),
             bias = in[2].to_vector<double>();
  const auto residual = in.size() > 3 ? in[3].to_vector<double>() : std::vector<double>(x.size());
  const auto samples = static_cast<size_t>(in[0].size(0)), channels = weight.size(),
             size = channels / static_cast<size_t>(options.num_groups),
             rows = x.size() / samples / channels;
  std::vector<double> y(x.size());
  for (size_t n = 0; n < samples; ++n) {
    for (size_t first = 0; first < channels; first += size) {
      const auto each = [&](auto&& f) {
        for (size_t r = 0; r < rows; ++r) {
          for (size_t c = first; c < first + size; ++c) f((n * rows + r) * channels + c, c);
        }
      };
      const auto count = static_cast<double>(rows * size);
      double mean = 0, variance = 0;
      each([&](size_t i, size_t) { mean += x[i] / count; });
      each([&](size_t i, size_t) { variance += (x[i] - mean) * (x[i] - mean) / count; });
      each([&](size_t i, size_t c) {
        const double v =
            (x[i] - mean) / std::sqrt(variance + options.eps) * weight[c] + bias[c] + residual[i];
        y[i] = options.relu ? std::max(v, 0.0) : v;
      });
    }
  }
  return Tensor::from(in[0].shape(), y);
}

OpCase group_norm_case(std::string name, const Shape& shape, ops::GroupNormOptions options,
                       bool residual, double bf16_tolerance = 0) {
  const int64_t channels = shape[-1];
  std::vector<Tensor> inputs{random_tensor(shape, 1), random_tensor({channels}, 2, 0.5, 1.5),
                             random_tensor({channels}, 3)};
  if (residual) inputs.push_back(random_tensor(shape, 4));
  return {.name = std::move(name),
          .inputs = inputs,
          .forward =
              [options](std::span<const Tensor> in) {
                return std::vector{ops::group_norm(in[0], in[1], in[2], options,
                                                   in.size() > 3 ? in[3] : Tensor())};
              },
          .reference =
              [options](std::span<const Tensor> in) { return std::vector{reference(in, options)}; },
          .bf16_tolerance = bf16_tolerance};
}

const OpCases group_norm_cases("group_norm", [] {
  return std::vector<OpCase>{
      // bf16: inputs lose 2^-9 and divide by a deviation of 0.6; gradients are sums of 60 of them.
      group_norm_case("plain, odd size", {2, 5, 3, 12}, {.num_groups = 3}, false, 4e-2),
      group_norm_case("relu", {3, 3, 5, 8}, {.num_groups = 4, .relu = true}, false),
      group_norm_case("residual", {2, 3, 3, 8}, {.num_groups = 2}, true, 4e-2),
      group_norm_case("relu and residual", {2, 3, 3, 8}, {.num_groups = 4, .relu = true}, true),
      group_norm_case("one pixel", {3, 1, 1, 8}, {.num_groups = 2, .relu = true}, false),
      group_norm_case("after a linear layer", {5, 12}, {.num_groups = 2}, false, 4e-2),
      group_norm_case("one group", {1, 4, 4, 6}, {.num_groups = 1, .eps = 1e-2}, false, 4e-2),
      group_norm_case("two slabs of rows", {1, 23, 23, 2}, {.num_groups = 1, .relu = true}, true),
  };
});

/// y and the gradients of x, weight, bias and residual for fixed inputs in f32.
std::vector<Tensor> run_f32(const Shape& shape, int num_groups) {
  std::vector<Tensor> inputs{random_tensor(shape, 1), random_tensor({shape[-1]}, 2),
                             random_tensor({shape[-1]}, 3), random_tensor(shape, 4)};
  for (Tensor& input : inputs) (input = input.to(DType::kF32)).set_requires_grad(true);
  const Tensor y = ops::group_norm(inputs[0], inputs[1], inputs[2],
                                   {.num_groups = num_groups, .relu = true}, inputs[3]);
  backward(y, random_tensor(shape, 5).to(DType::kF32));
  std::vector<Tensor> result{y};
  for (const Tensor& input : inputs) result.push_back(input.grad());
  return result;
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.bytes() == b.bytes() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

}  // namespace

TEST_CASE("group_norm: values and gradients equal PyTorch's") {
  const Tensor x = ramp({1, 2, 3, 4}).set_requires_grad(true),
               weight = ramp({4}, 29).set_requires_grad(true),
               bias = ramp({4}, 43).set_requires_grad(true),
               residual = ramp({1, 2, 3, 4}, 53).set_requires_grad(true);
  const Tensor y = ops::group_norm(x, weight, bias, {.num_groups = 2, .relu = true}, residual);
  backward(y, ramp({1, 2, 3, 4}, 71));
  check_close(y,
              {0,
               0.403221849018252,
               0.83754158551434,
               0,
               0,
               0.286635838027417,
               0.272210404710061,
               1.21036797867142,
               0.164440944916447,
               0.850372957038164,
               1.13833198800267,
               0,
               0,
               0.733786946047329,
               0.573000807198396,
               1.35973320601037,
               0,
               0,
               1.43912239049101,
               0,
               0,
               0,
               0.87379120968673,
               0},
              1e-14);
  check_close(x.grad(),
              {0.202924849652906,   -0.134085217355684,  0.318289423648945,  -0.0758058215710647,
               0.0486350983637983,  -0.160393389733603,  -0.259595033351254, -1.49004189892185,
               -0.404573498638976,  0.144857265126774,   -0.260280830366654, -0.115809689094764,
               0.0716144230238782,  0.118549092748855,   0.593287476730038,  0.725667187503902,
               -0.0826753282652294, 0.127421354341215,   0.592601679714639,  -0.155813556618463,
               0.094593747683958,   -0.0268683969478927, 0.0147172227144396, 0.112783839612088},
              1e-14);
  check_close(weight.grad(),
              {-0.815040581487044, -0.29424536695283, -0.996198627645335, -0.632740910445643},
              1e-14);
  check_close(bias.grad(), {0.48, 0.28, 0.6, -0.62}, 1e-14);
  check_close(residual.grad(), {0, 0.64, 0.04, 0,    0, 0.26, -0.34, -0.94, 0.48, -0.12, -0.72, 0,
                                0, -0.5, 0.92, 0.32, 0, 0,    0.54,  0,     0,    0,     0.16,  0},
              1e-14);
}

TEST_CASE("group_norm: the same bytes on any number of threads, many samples or few") {
  CpuContext& ctx = cpu_context();
  const int threads = ctx.num_threads();
  for (const Shape& shape : {Shape{1, 40, 50, 32}, Shape{3, 40, 50, 32}, Shape{40, 7, 7, 64}}) {
    std::vector<std::vector<Tensor>> runs;
    for (int n : {1, 2, 5}) {
      ctx.set_num_threads(n);
      runs.push_back(run_f32(shape, 8));
    }
    ctx.set_num_threads(threads);
    for (size_t i = 0; i < runs[0].size(); ++i) {
      INFO(to_string(shape), ", tensor ", i);
      CHECK(same_bytes(runs[0][i], runs[1][i]));
      CHECK(same_bytes(runs[0][i], runs[2][i]));
    }
  }
}

TEST_CASE("group_norm: a mean ten thousand times the deviation costs no accuracy") {
  const Tensor spread = random_tensor({1, 100, 100, 4}, 7).to(DType::kF32);
  std::vector<float> values = spread.to_vector<float>();
  for (float& v : values) v = std::round(v * 512) / 512 + 4096;  // exact in f32
  const Tensor x = Tensor::from(spread.shape(), values);
  const Tensor ones = Tensor::full({4}, 1, DType::kF32), zeros = Tensor::zeros({4}, DType::kF32);
  const auto y = ops::group_norm(x, ones, zeros, {.num_groups = 2}).to_vector<double>();
  const std::vector<Tensor> exact{x.to(DType::kF64), ones, zeros};
  const auto expected = reference(exact, {.num_groups = 2}).to_vector<double>();
  double worst = 0;
  for (size_t i = 0; i < y.size(); ++i) worst = std::max(worst, std::abs(y[i] - expected[i]));
  CHECK(worst < 5e-4);  // the saved mean is f32: half a unit of 4096 over a deviation of 0.58
}

TEST_CASE("group_norm: f32 weights beside bf16 activations") {
  const Tensor x = random_tensor({2, 4, 4, 8}, 1).to(DType::kBF16).set_requires_grad(true);
  const Tensor weight = Tensor::full({8}, 2, DType::kF32).set_requires_grad(true);
  const Tensor bias = Tensor::zeros({8}, DType::kF32);
  const Tensor y = ops::group_norm(x, weight, bias, {.num_groups = 2});
  CHECK(y.dtype() == DType::kBF16);
  backward(y, random_tensor(y.shape(), 2).to(DType::kBF16));
  CHECK(weight.grad().dtype() == DType::kF32);
  CHECK(x.grad().dtype() == DType::kBF16);
}

TEST_CASE("group_norm: no samples give an empty output and zero gradients of the parameters") {
  const Tensor x = Tensor::empty({0, 7, 7, 8}, DType::kF32).set_requires_grad(true);
  const Tensor weight = Tensor::full({8}, 1, DType::kF32).set_requires_grad(true);
  const Tensor bias = Tensor::zeros({8}, DType::kF32).set_requires_grad(true);
  const Tensor y = ops::group_norm(x, weight, bias, {.num_groups = 2, .relu = true});
  CHECK(y.shape() == Shape{0, 7, 7, 8});
  backward(y, Tensor::empty(y.shape(), DType::kF32));
  CHECK(weight.grad().to_vector<float>() == std::vector<float>(8, 0.f));
  CHECK(bias.grad().to_vector<float>() == std::vector<float>(8, 0.f));
}

TEST_CASE("group_norm: NaN reaches every element of its group and no other") {
  std::vector<float> values(2 * 3 * 4, 1.f);
  values[0] = NAN;
  const Tensor x = Tensor::from<float>({2, 3, 1, 4}, values);
  const Tensor ones = Tensor::full({4}, 1, DType::kF32);
  const auto y = ops::group_norm(x, ones, ones, {.num_groups = 2, .relu = true}).to_vector<float>();
  for (size_t i = 0; i < y.size(); ++i) CHECK(std::isnan(y[i]) == (i < 12 && i % 4 < 2));
}

TEST_CASE("group_norm: a residual without ReLU passes the gradient through untouched") {
  const Tensor x = random_tensor({1, 2, 2, 4}, 1), ones = Tensor::full({4}, 1, DType::kF64);
  const Tensor residual = random_tensor({1, 2, 2, 4}, 2).set_requires_grad(true);
  const Tensor grad = random_tensor({1, 2, 2, 4}, 3);
  backward(ops::group_norm(x, ones, ones, {.num_groups = 2}, residual), grad);
  CHECK(residual.grad().to_vector<double>() == grad.to_vector<double>());
}

TEST_CASE("group_norm: says what does not fit") {
  const Tensor x = Tensor::zeros({1, 2, 2, 6}, DType::kF32), c = Tensor::zeros({6}, DType::kF32);
  CHECK_THROWS_WITH_AS(ops::group_norm(x, c, c, {.num_groups = 4}),
                       "group_norm: C must be a multiple of num_groups = 4, got C = 6", ShapeError);
  CHECK_THROWS_WITH_AS(ops::group_norm(x, Tensor::zeros({4}, DType::kF32), c, {.num_groups = 2}),
                       "group_norm: weight must be [C=6], got [4]", ShapeError);
  CHECK_THROWS_WITH_AS(ops::group_norm(x, c, Tensor::zeros({6}, DType::kF64), {.num_groups = 2}),
                       "group_norm: bias does not fit x of dtype f32, got f64", ShapeError);
  CHECK_THROWS_WITH_AS(
      ops::group_norm(x, c, c, {.num_groups = 2}, Tensor::zeros({1, 2, 2, 3}, DType::kF32)),
      "group_norm: residual must be as x, [1, 2, 2, 6] f32, got [1, 2, 2, 3] f32", ShapeError);
  CHECK_THROWS_WITH_AS(ops::group_norm(Tensor::zeros({6}, DType::kI32), c, c, {.num_groups = 2}),
                       "group_norm: x must be floating [N, ..., C], got [6] i32", ShapeError);
}
