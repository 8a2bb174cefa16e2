#include "ops/conv2d/conv2d.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/autograd/autograd.h"
#include "ops/conv2d/conv_transpose2d.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;
using ops::Conv2dOptions;
using ops::ConvTranspose2dOptions;

namespace {

/// The definition, as a sum over all pairs of pixels: shares no index arithmetic with the kernels.
Tensor conv2d_definition(const Tensor& x, const Tensor& weight, const Tensor& bias,
                         const Conv2dOptions& o, const Shape& out) {
  std::vector<double> y(static_cast<size_t>(out.numel()));
  const double *px = x.data<double>(), *pw = weight.data<double>();
  const int64_t group_in = weight.size(3), group_out = weight.size(0) / o.groups;
  for (int64_t i = 0; i < out.numel(); ++i) {
    const int64_t k = i % out[3], ox = i / out[3] % out[2], oy = i / out[3] / out[2] % out[1],
                  n = i / out[3] / out[2] / out[1];
    double sum = bias.defined() ? bias.data<double>()[k] : 0;
    for (int64_t iy = 0; iy < x.size(1); ++iy) {
      for (int64_t ix = 0; ix < x.size(2); ++ix) {
        const int64_t ky = iy + o.padding - oy * o.stride, kx = ix + o.padding - ox * o.stride;
        if (ky < 0 || kx < 0 || ky % o.dilation || kx % o.dilation) continue;
        if (ky / o.dilation >= weight.size(1) || kx / o.dilation >= weight.size(2)) continue;
        for (int64_t c = 0; c < group_in; ++c) {
          sum += px[((n * x.size(1) + iy) * x.size(2) + ix) * x.size(3) + k / group_out * group_in +
                    c] *
                 pw[((k * weight.size(1) + ky / o.dilation) * weight.size(2) + kx / o.dilation) *
                        group_in +
                    c];
        }
      }
    }
    y[static_cast<size_t>(i)] = o.relu && sum < 0 ? 0 : sum;
  }
  return Tensor::from(out, y);
}

OpCase conv_case(std::string name, const Shape& x, const Shape& weight, bool bias,
                 Conv2dOptions o) {
  std::vector<Tensor> inputs{random_tensor(x, 1), random_tensor(weight, 2)};
  if (bias) inputs.push_back(random_tensor({weight[0]}, 3));
  const auto bias_of = [bias](std::span<const Tensor> in) { return bias ? in[2] : Tensor(); };
  return {.name = std::move(name),
          .inputs = inputs,
          .forward =
              [=](std::span<const Tensor> in) {
                return std::vector{ops::conv2d(in[0], in[1], bias_of(in), o)};
              },
          .reference =
              [=](std::span<const Tensor> in) {
                const Shape out = ops::conv2d(in[0], in[1], bias_of(in), o).shape();
                return std::vector{conv2d_definition(in[0], in[1], bias_of(in), o, out)};
              },
          .bf16_tolerance = 2e-2};  // inputs, weights and the result each rounded to 8 bits
}

OpCase transposed_case(std::string name, const Shape& x, const Shape& weight, bool bias,
                       ConvTranspose2dOptions o) {
  std::vector<Tensor> inputs{random_tensor(x, 4), random_tensor(weight, 5)};
  if (bias) inputs.push_back(random_tensor({weight[3]}, 6));
  return {
      .name = std::move(name),
      .inputs = inputs,
      .forward =
          [=](std::span<const Tensor> in) {
            return std::vector{ops::conv_transpose2d(in[0], in[1], bias ? in[2] : Tensor(), o)};
          },
      .reference =
          [=](std::span<const Tensor> in) {
            const Shape out =
                ops::conv_transpose2d(in[0], in[1], bias ? in[2] : Tensor(), o).shape();
            std::vector<double> y(static_cast<size_t>(out.numel()));
            for (int64_t i = 0; i < out.numel(); ++i)
              y[static_cast<size_t>(i)] = bias ? in[2].data<double>()[i % out[3]] : 0;
            const double *px = in[0].data<double>(), *pw = in[1].data<double>();
            const Shape& s = in[0].shape();
            const Shape& w = in[1].shape();
            for (int64_t n = 0; n < s[0]; ++n)
              for (int64_t iy = 0; iy < s[1]; ++iy)
                for (int64_t ix = 0; ix < s[2]; ++ix)
                  for (int64_t ky = 0; ky < w[1]; ++ky)
                    for (int64_t kx = 0; kx < w[2]; ++kx) {
                      const int64_t oy = iy * o.stride - o.padding + ky,
                                    ox = ix * o.stride - o.padding + kx;
                      if (oy < 0 || ox < 0 || oy >= out[1] || ox >= out[2]) continue;
                      for (int64_t c = 0; c < s[3]; ++c)
                        for (int64_t k = 0; k < w[3]; ++k)
                          y[static_cast<size_t>(((n * out[1] + oy) * out[2] + ox) * out[3] + k)] +=
                              px[((n * s[1] + iy) * s[2] + ix) * s[3] + c] *
                              pw[((c * w[1] + ky) * w[2] + kx) * w[3] + k];
                    }
            if (o.relu)
              for (double& v : y) v = v > 0 ? v : 0;
            return std::vector{Tensor::from(out, y)};
          }};
}

}  // namespace

static const OpCases conv2d_cases("conv2d", [] {
  return std::vector<OpCase>{
      conv_case("3x3, padding 1", {2, 5, 4, 3}, {4, 3, 3, 3}, false, {.padding = 1}),
      conv_case("1x1 with bias", {2, 3, 3, 4}, {5, 1, 1, 4}, true, {}),
      conv_case("1x1, stride 2", {1, 5, 4, 3}, {4, 1, 1, 3}, false, {.stride = 2}),
      conv_case("7x7, stride 2, the stem", {1, 9, 8, 3}, {2, 7, 7, 3}, false,
                {.stride = 2, .padding = 3}),
      conv_case("3x3, dilation 2", {1, 6, 7, 2}, {3, 3, 3, 2}, true, {.padding = 2, .dilation = 2}),
      conv_case("3x3, 2 groups, stride 2", {2, 5, 5, 4}, {6, 3, 3, 2}, true,
                {.stride = 2, .padding = 1, .groups = 2}),
      conv_case("bias and ReLU fused", {2, 4, 4, 3}, {4, 3, 3, 3}, true,
                {.padding = 1, .relu = true}),
      transposed_case("transposed 2x2, stride 2, ReLU", {2, 3, 3, 4}, {4, 2, 2, 3}, true,
                      {.stride = 2, .relu = true}),
      transposed_case("transposed 3x3, stride 2, padding 1", {1, 3, 4, 2}, {2, 3, 3, 3}, false,
                      {.stride = 2, .padding = 1}),
  };
});

TEST_CASE("conv2d: no images give no output and zero gradients") {
  const Tensor x = Tensor::empty({0, 7, 7, 4}, DType::kF32).set_requires_grad(true);
  const Tensor weight = random_tensor({8, 3, 3, 4}, 1, -1, 1, DType::kF32).set_requires_grad(true);
  const Tensor y = ops::conv2d(x, weight, {}, {.padding = 1});
  CHECK(y.shape() == Shape{0, 7, 7, 8});
  backward(y);
  for (float g : weight.grad().to_vector<float>()) CHECK(g == 0);
}

// The allocator ends the process when a guard byte behind a tensor has changed.
TEST_CASE("conv2d: weight gradients of strided 1x1 filters stay within their memory") {
  for (const int64_t channels : {1, 4, 8, 12, 16, 24}) {
    CAPTURE(channels);
    const Tensor x = random_tensor({2, 48, 48, channels}, 1),
                 weight = random_tensor({16, 1, 1, channels}, 2);
    const auto gradient = [&](DType dtype) {
      const Tensor w = weight.to(dtype).set_requires_grad(true);
      const Tensor y = ops::conv2d(x.to(dtype), w, {}, {.stride = 2});
      backward(y, random_tensor(y.shape(), 3).to(dtype));
      return w.grad().to(DType::kF64).to_vector<double>();
    };
    const auto exact = gradient(DType::kF64), ours = gradient(DType::kF32);
    // Sums of 1,152 products below 1, in f32.
    for (size_t i = 0; i < exact.size(); ++i) CHECK(std::abs(ours[i] - exact[i]) < 1e-4);
  }
}

TEST_CASE("conv2d: names the channels that do not fit") {
  const Tensor x = Tensor::zeros({2, 56, 56, 32}, DType::kF32),
               weight = Tensor::zeros({64, 3, 3, 64}, DType::kF32);
  CHECK_THROWS_WITH_AS(ops::conv2d(x, weight, {}),
                       "conv2d: weight expects C_in/groups = 64 input channels, got x [2, 56, 56, "
                       "32] with groups = 1",
                       ShapeError);
  CHECK_THROWS_WITH_AS(ops::conv2d(Tensor::zeros({1, 2, 2, 4}, DType::kF32),
                                   Tensor::zeros({8, 3, 3, 4}, DType::kF32), {}),
                       "conv2d: the padded image must be at least as large as the kernel [8, 3, 3, "
                       "4], got x [1, 2, 2, 4]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(
      ops::conv2d(Tensor::zeros({1, 4, 4, 4}, DType::kF32),
                  Tensor::zeros({8, 3, 3, 4}, DType::kF32), Tensor::zeros({4}, DType::kF32)),
      "conv2d: bias must be [C_out=8], got [4]", ShapeError);
}
