// Reference numbers: tests/oracles/dense_ops.py.
#include "ops/max_pool2d/max_pool2d.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/autograd/autograd.h"
#include "testing/feature_map.h"
#include "testing/op_case.h"
#include "testing/ramp.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

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
            return std::vector{feature_map(
                {x.size(0), out(x.size(1)), out(x.size(2)), x.size(3)},
                [&](int64_t n, int64_t oy, int64_t ox, int64_t c) {
                  double best = -INFINITY;
                  for (int64_t y = std::max<int64_t>(0, oy * o.stride - o.padding);
                       y < std::min(x.size(1), oy * o.stride - o.padding + o.kernel); ++y)
                    for (int64_t ix = std::max<int64_t>(0, ox * o.stride - o.padding);
                         ix < std::min(x.size(2), ox * o.stride - o.padding + o.kernel); ++ix)
                      best = std::max(best, element_at(x, n, y, ix, c));
                  return best;
                })};
          }};  // no bf16: rounding makes ties, which move a gradient
}

}  // namespace

static const OpCases max_pool_cases("max_pool2d", [] {
  return std::vector<OpCase>{
      pool_case("3x3, stride 2, padding 1, the stem", {2, 7, 6, 3},
                {.kernel = 3, .stride = 2, .padding = 1}),
      pool_case("3x3 of 16 bytes", {2, 7, 6, 8}, {.kernel = 3, .stride = 2, .padding = 1}),
      pool_case("3x3 of 64 bytes", {2, 7, 6, 16}, {.kernel = 3, .stride = 2, .padding = 1}),
      pool_case("5x5, stride 3, another window", {1, 9, 11, 4},
                {.kernel = 5, .stride = 3, .padding = 2}),
      pool_case("1x1, stride 2, level 6", {1, 5, 4, 3}, {.kernel = 1, .stride = 2}),
      pool_case("2x2", {1, 4, 5, 2}, {}),
      pool_case("2x2 of 16 bytes", {2, 4, 5, 4}, {})};
});

TEST_CASE("max_pool2d: values and gradient equal PyTorch's") {
  const Tensor x = ramp({1, 5, 4, 2}).set_requires_grad(true);
  const Tensor y = ops::max_pool2d(x, {.kernel = 3, .stride = 2, .padding = 1});
  backward(y, ramp(y.shape(), 71));
  check_close(y, {0.7, -0.04, 0.7, 0.9, 0.96, -0.18, 0.56, 0.76, 0.82, 0.88, 0.28, 0.88}, 1e-15);
  check_close(x.grad(), {0, 0.64, -0.74, 0, 0, -0.56, 0, 0,    0, 0.26, -0.34, 0, 0,     -0.94,
                         0, 0,    0.86,  0, 0, 0,     0, 0,    0, 0,    0.48,  0, -0.72, 0,
                         0, 0,    0,     0, 0, 0,     0, 0.58, 0, 0,    0,     0},
              1e-14);
}

TEST_CASE("max_pool2d: NaN wins, and ties give the gradient to the first") {
  const Tensor x = Tensor::from<float>({1, 2, 2, 1}, {1, NAN, 3, 2});
  CHECK(std::isnan(ops::max_pool2d(x, {}).item()));
  CHECK_THROWS_WITH_AS(
      ops::max_pool2d(x, {.kernel = 3, .stride = 1}),
      "max_pool2d: the padded image must be at least as large as the kernel 3, got [1, 2, 2, 1]",
      ShapeError);
}
