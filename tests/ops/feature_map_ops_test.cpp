// Pooling, sums and reshapes of feature maps.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "ops/add/add.h"
#include "ops/concat_levels/concat_levels.h"
#include "ops/global_avg_pool/global_avg_pool.h"
#include "ops/max_pool2d/max_pool2d.h"
#include "ops/normalize_image/normalize_image.h"
#include "ops/reshape/reshape.h"
#include "ops/upsample_add/upsample_add.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

double at(const Tensor& x, int64_t n, int64_t y, int64_t ix, int64_t c) {
  return x.data<double>()[((n * x.size(1) + y) * x.size(2) + ix) * x.size(3) + c];
}

/// Calls f(n, y, x, c) in row-major order and collects what it returns.
template <class F>
Tensor build(const Shape& s, F&& f) {
  std::vector<double> values;
  for (int64_t n = 0; n < s[0]; ++n)
    for (int64_t y = 0; y < s[1]; ++y)
      for (int64_t x = 0; x < s[2]; ++x)
        for (int64_t c = 0; c < s[3]; ++c) values.push_back(f(n, y, x, c));
  return Tensor::from(s, values);
}

OpCase pool_case(std::string name, const Shape& shape, ops::MaxPool2dOptions o) {
  return {
      .name = std::move(name),
      .inputs = {random_tensor(shape, 3)},
      .forward = [o](std::span<const Tensor> in) { return std::vector{ops::max_pool2d(in[0], o)}; },
      .reference =
          [o](std::span<const Tensor> in) {
            const Tensor& x = in[0];
            const auto out = [&](int64_t size) {
              return (size + 2 * o.padding - o.kernel) / o.stride + 1;
            };
            return std::vector{
                build({x.size(0), out(x.size(1)), out(x.size(2)), x.size(3)},
                      [&](int64_t n, int64_t oy, int64_t ox, int64_t c) {
                        double best = -INFINITY;
                        for (int64_t y = std::max<int64_t>(0, oy * o.stride - o.padding);
                             y < std::min(x.size(1), oy * o.stride - o.padding + o.kernel); ++y)
                          for (int64_t ix = std::max<int64_t>(0, ox * o.stride - o.padding);
                               ix < std::min(x.size(2), ox * o.stride - o.padding + o.kernel); ++ix)
                            best = std::max(best, at(x, n, y, ix, c));
                        return best;
                      })};
          }};  // no bf16: rounding makes ties, which move a gradient
}

}  // namespace

static const OpCases max_pool_cases("max_pool2d", [] {
  return std::vector<OpCase>{
      pool_case("3x3, stride 2, padding 1, the stem", {2, 7, 6, 3},
                {.kernel = 3, .stride = 2, .padding = 1}),
      pool_case("1x1, stride 2, level 6", {1, 5, 4, 3}, {.kernel = 1, .stride = 2}),
      pool_case("2x2", {1, 4, 5, 2}, {})};
});

static const OpCases add_cases("add", [] {
  const auto make = [](bool relu) {
    return OpCase{
        .name = relu ? "with ReLU" : "plain",
        .inputs = {random_tensor({2, 3, 3, 4}, 1), random_tensor({2, 3, 3, 4}, 2)},
        .forward =
            [relu](std::span<const Tensor> in) {
              return std::vector{ops::add(in[0], in[1], relu)};
            },
        .reference =
            [relu](std::span<const Tensor> in) {
              auto a = in[0].to_vector<double>();
              const auto b = in[1].to_vector<double>();
              for (size_t i = 0; i < a.size(); ++i)
                a[i] = relu ? std::max(a[i] + b[i], 0.0) : a[i] + b[i];
              return std::vector{Tensor::from(in[0].shape(), a)};
            },
        .bf16_tolerance = 1.6e-2};  // two rounded inputs and a rounded sum; a mask may flip near 0
  };
  OpCase twice = make(false);
  twice.name = "a tensor with itself";
  twice.inputs = {random_tensor({3}, 1)};
  twice.forward = [](std::span<const Tensor> in) { return std::vector{ops::add(in[0], in[0])}; };
  twice.reference = {};
  return std::vector<OpCase>{make(false), make(true), twice};
});

static const OpCases upsample_cases("upsample_add", [] {
  std::vector<OpCase> cases;
  for (const Shape& shape : {Shape{2, 4, 6, 3}, Shape{1, 5, 3, 2}}) {
    cases.push_back(
        {.name = to_string(shape),
         .inputs = {random_tensor(shape, 1),
                    random_tensor({shape[0], (shape[1] + 1) / 2, (shape[2] + 1) / 2, shape[3]}, 2)},
         .forward =
             [](std::span<const Tensor> in) {
               return std::vector{ops::upsample_add(in[0], in[1])};
             },
         .reference =
             [](std::span<const Tensor> in) {
               return std::vector{
                   build(in[0].shape(), [&](int64_t n, int64_t y, int64_t x, int64_t c) {
                     return at(in[0], n, y, x, c) + at(in[1], n, y / 2, x / 2, c);
                   })};
             },
         .bf16_tolerance = 2e-2});
  }
  return cases;
});

static const OpCases average_cases("global_avg_pool", [] {
  return std::vector<OpCase>{
      {.name = "odd size",
       .inputs = {random_tensor({2, 3, 5, 4}, 1)},
       .forward =
           [](std::span<const Tensor> in) { return std::vector{ops::global_avg_pool(in[0])}; },
       .reference =
           [](std::span<const Tensor> in) {
             const Tensor sums = build(
                 {in[0].size(0), 1, 1, in[0].size(3)}, [&](int64_t n, int64_t, int64_t, int64_t c) {
                   double sum = 0;
                   for (int64_t y = 0; y < in[0].size(1); ++y)
                     for (int64_t x = 0; x < in[0].size(2); ++x) sum += at(in[0], n, y, x, c);
                   return sum / static_cast<double>(in[0].size(1) * in[0].size(2));
                 });
             return std::vector{sums.view({in[0].size(0), in[0].size(3)})};
           },
       .bf16_tolerance = 1e-2}};
});

static const OpCases reshape_cases("reshape", [] {
  return std::vector<OpCase>{{.name = "flatten",
                              .inputs = {random_tensor({2, 3, 4}, 1)},
                              .forward =
                                  [](std::span<const Tensor> in) {
                                    return std::vector{ops::reshape(in[0], {6, 4})};
                                  },
                              .reference =
                                  [](std::span<const Tensor> in) {
                                    return std::vector{in[0].view({6, 4})};
                                  }}};
});

static const OpCases concat_cases("concat_levels", [] {
  return std::vector<OpCase>{
      {.name = "two levels, two anchors, three values",
       .inputs = {random_tensor({2, 2, 3, 6}, 1), random_tensor({2, 1, 2, 6}, 2)},
       .forward =
           [](std::span<const Tensor> in) {
             return std::vector{ops::concat_levels({in[0], in[1]}, 3)};
           },
       .reference =
           [](std::span<const Tensor> in) {
             const auto a = in[0].to_vector<double>(), b = in[1].to_vector<double>();
             std::vector<double> y;
             for (int n = 0; n < 2; ++n) {
               y.insert(y.end(), a.begin() + n * 36, a.begin() + (n + 1) * 36);
               y.insert(y.end(), b.begin() + n * 12, b.begin() + (n + 1) * 12);
             }
             return std::vector{Tensor::from({2, 16, 3}, y)};
           },
       .bf16_tolerance = 8e-3}};
});

static const NoGradientOp normalize_image("normalize_image", "pixels are constants");

TEST_CASE("max_pool2d: NaN wins, and ties give the gradient to the first") {
  const Tensor x = Tensor::from<float>({1, 2, 2, 1}, {1, NAN, 3, 2});
  CHECK(std::isnan(ops::max_pool2d(x, {}).item()));
  CHECK_THROWS_WITH_AS(
      ops::max_pool2d(x, {.kernel = 3, .stride = 1}),
      "max_pool2d: the padded image must be at least as large as the kernel 3, got [1, 2, 2, 1]",
      ShapeError);
}

TEST_CASE(
    "normalize_image: swaps channels, subtracts and divides inside, is zero outside the valid "
    "size") {
  const Tensor pixels = Tensor::from<uint8_t>({1, 1, 2, 3}, {10, 20, 30, 40, 50, 60}),
               sizes = Tensor::from<int32_t>({1, 2}, {1, 1});
  const auto y =
      ops::normalize_image(pixels, sizes, {.mean = {1, 2, 3}, .std = {1, 2, 1}}).to_vector<float>();
  CHECK(y == std::vector<float>{29, 9, 7, 0, 0, 0});
}

TEST_CASE("upsample_add: names both shapes when top is not half of lateral") {
  CHECK_THROWS_WITH_AS(
      ops::upsample_add(Tensor::zeros({1, 4, 4, 2}, DType::kF32),
                        Tensor::zeros({1, 2, 3, 2}, DType::kF32)),
      "upsample_add: top must be half of lateral f32 [1, 4, 4, 2], got f32 [1, 2, 3, 2]",
      ShapeError);
}

TEST_CASE("add: names both shapes when they differ") {
  CHECK_THROWS_WITH_AS(
      ops::add(Tensor::zeros({2}, DType::kF32), Tensor::zeros({3}, DType::kF32)),
      "add: a and b must have one shape and floating dtype, got f32 [2] and f32 [3]", ShapeError);
}
