// Reference numbers: tests/oracles/dense_ops.py.
#include "ops/bilinear_resize/bilinear_resize.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/autograd/autograd.h"
#include "testing/op_case.h"
#include "testing/ramp.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

/// Sum over all input pixels of the triangle weights around the clamped sample point.
Tensor reference(const Tensor& x, int64_t height, int64_t width) {
  const int64_t samples = x.size(0), rows = x.size(1), columns = x.size(2), channels = x.size(3);
  const auto triangle = [](int64_t out, int64_t outs, int64_t in, int64_t ins) {
    const double at =
        (static_cast<double>(out) + 0.5) * static_cast<double>(ins) / static_cast<double>(outs) -
        0.5;
    const double clamped = std::clamp(at, 0.0, static_cast<double>(ins - 1));
    return std::max(0.0, 1 - std::abs(clamped - static_cast<double>(in)));
  };
  const auto values = x.to_vector<double>();
  std::vector<double> y(static_cast<size_t>(samples * height * width * channels));
  for (size_t e = 0; e < y.size(); ++e) {
    const auto c = static_cast<int64_t>(e) % channels, pixel = static_cast<int64_t>(e) / channels;
    const int64_t j = pixel % width, i = pixel / width % height, n = pixel / width / height;
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t q = 0; q < columns; ++q) {
        y[e] += triangle(i, height, r, rows) * triangle(j, width, q, columns) *
                values[static_cast<size_t>(((n * rows + r) * columns + q) * channels + c)];
      }
    }
  }
  return Tensor::from({samples, height, width, channels}, y);
}

OpCase resize_case(std::string name, const Shape& shape, int64_t height, int64_t width) {
  return {
      .name = std::move(name),
      .inputs = {random_tensor(shape, 1)},
      .forward =
          [=](std::span<const Tensor> in) {
            return std::vector{ops::bilinear_resize(in[0], height, width)};
          },
      .reference =
          [=](std::span<const Tensor> in) { return std::vector{reference(in[0], height, width)}; },
      .bf16_tolerance = 5e-2};  // a gradient sums up to 25 rounded terms
}

const OpCases bilinear_resize_cases("bilinear_resize", [] {
  return std::vector<OpCase>{resize_case("twice as large", {2, 4, 3, 5}, 8, 6),
                             resize_case("odd factors", {1, 3, 4, 4}, 7, 9),
                             resize_case("smaller", {2, 7, 5, 3}, 3, 2),
                             resize_case("far smaller: most pixels unread", {1, 9, 9, 2}, 2, 1),
                             resize_case("one pixel to many", {1, 1, 1, 4}, 3, 5),
                             resize_case("wider and lower", {1, 6, 2, 3}, 4, 5),
                             resize_case("same size", {1, 3, 3, 2}, 3, 3)};
});

void check_against_pytorch(int64_t height, int64_t width, const std::vector<double>& y,
                           const std::vector<double>& grad_x) {
  const Tensor x = ramp({1, 3, 4, 1}).set_requires_grad(true);
  const Tensor got = ops::bilinear_resize(x, height, width);
  backward(got, ramp({1, height, width, 1}, 71));
  check_close(got, y, 1e-14);
  check_close(x.grad(), grad_x, 1e-14);
}

}  // namespace

TEST_CASE("bilinear_resize: enlarging equals PyTorch") {
  check_against_pytorch(5, 7,
                        {-0.78,
                         -0.515714285714286,
                         -0.0928571428571429,
                         0.33,
                         0.608571428571429,
                         -0.122857142857143,
                         -0.58,
                         -0.404,
                         -0.139714285714286,
                         0.283142857142857,
                         0.302,
                         0.234285714285714,
                         -0.0354285714285714,
                         -0.204,
                         0.16,
                         0.424285714285714,
                         0.847142857142857,
                         0.26,
                         -0.327142857142857,
                         0.0957142857142857,
                         0.36,
                         -0.488,
                         -0.223714285714286,
                         0.199142857142857,
                         0.218,
                         0.150285714285714,
                         -0.119428571428571,
                         -0.288,
                         -0.92,
                         -0.655714285714286,
                         -0.232857142857143,
                         0.19,
                         0.468571428571429,
                         -0.262857142857143,
                         -0.72},
                        {-0.749714285714286, -0.194285714285714, 0.806857142857143,
                         -0.342857142857143, 1.18228571428571, -0.650285714285714, 0.476, -1.188,
                         1.056, -0.0639999999999998, 0.937142857142857, -1.76914285714286});
}

TEST_CASE("bilinear_resize: shrinking equals PyTorch, without antialiasing") {
  check_against_pytorch(
      2, 2, {-0.175, 0.0425, -0.28, -0.0625},
      {-0.2925, -0.2925, 0.24, 0.24, -0.0925, -0.0925, 0.01, 0.01, 0.015, 0.015, -0.21, -0.21});
}

TEST_CASE("bilinear_resize: a constant map stays constant to the last bit") {
  const Tensor x = Tensor::full({1, 5, 7, 3}, 0.75, DType::kF32);
  for (const float v : ops::bilinear_resize(x, 16, 32).to_vector<float>()) CHECK(v == 0.75f);
}

TEST_CASE("bilinear_resize: refuses maps and sizes without pixels") {
  const Tensor x = Tensor::zeros({1, 2, 2, 1}, DType::kF32);
  CHECK_THROWS_WITH_AS(ops::bilinear_resize(x, 0, 4),
                       "bilinear_resize: height and width must be positive, got 0 x 4", ShapeError);
  CHECK_THROWS_WITH_AS(
      ops::bilinear_resize(Tensor::zeros({1, 0, 2, 1}, DType::kF32), 4, 4),
      "bilinear_resize: x must be floating [N, H, W, C] with pixels, got [1, 0, 2, 1] f32",
      ShapeError);
  CHECK(ops::bilinear_resize(Tensor::empty({0, 2, 2, 1}, DType::kF32), 4, 4).shape() ==
        Shape{0, 4, 4, 1});
}
