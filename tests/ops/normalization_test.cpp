#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/kernels/random.h"
#include "ops/normalization/normalization_math.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;
using ops::ReluMask;

static const NoGradientOp normalization_op(
    "normalization", "formulas and loops shared by the norms, proven by their cases");

TEST_CASE("normalization: the mask from x lets through what forward's ReLU did, to the last bit") {
  const RandomStream random{1, RandomPurpose::kTest};
  int passed = 0, blocked = 0;
  for (uint32_t i = 0; i < 400000; i += 4) {
    // Product and bias cancel to a rounding or two: a fused or reordered sum has another sign.
    const float centred = random.uniform(i, -2, 2), scale = random.uniform(i + 1, .5f, 2);
    const float near =
        static_cast<float>(1 + (static_cast<int>(random.below(i + 2, 5)) - 2) * 0x1p-24);
    const float bias = -centred * scale * near;
    const bool forward = ops::normalized<true, false>(centred, scale, bias, 0.f) > 0;
    const bool backward =
        ops::masked_gradient<ReluMask::kFromX>(1.f, 0.f, centred, scale, bias) != 0;
    if (forward != backward) FAIL_CHECK("centred ", centred, ", scale ", scale, ", bias ", bias);
    ++(forward ? passed : blocked);
  }
  CHECK(passed > 10000);
  CHECK(blocked > 10000);
}

TEST_CASE("normalization: the ReLU keeps NaN, and passes no gradient for it") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(ops::normalized<true, true>(nan, 1., 0., 1.)));
  CHECK(ops::masked_gradient<ReluMask::kFromX>(1., 0., nan, 1., 0.) == 0);
  CHECK(ops::masked_gradient<ReluMask::kFromY>(1., nan, 0., 1., 0.) == 0);
  CHECK(ops::masked_gradient<ReluMask::kNone>(1., nan, nan, 1., 0.) == 1);
}

TEST_CASE("normalization: the gradient of a group is orthogonal to its mean and its spread") {
  // y does not change when x is shifted or stretched (eps = 0): no gradient in either direction.
  const double x[] = {-1.5, 0.25, 2, 0.75, -0.5}, weight[] = {1, 2, -1, 0.5, 3},
               g[] = {0.3, -1, 0.7, 2, 0.1};
  double mean = 0, variance = 0, sum = 0, dot = 0;
  for (const double v : x) mean += v / 5;
  for (const double v : x) variance += (v - mean) * (v - mean) / 5;
  const double rstd = ops::reciprocal_deviation(variance, 0);
  for (int i = 0; i < 5; ++i) ops::add_gradient(weight[i] * g[i], x[i] - mean, sum, dot);
  const auto group = ops::GroupGradient::from_sums(sum, dot, rstd, 5);
  double shift = 0, stretch = 0, largest = 0;
  for (int i = 0; i < 5; ++i) {
    const double grad = ops::element_gradient(
        g[i], x[i] - mean, ops::channel_scale(rstd, weight[i]), group.slope, group.offset);
    shift += grad;
    stretch += grad * (x[i] - mean);
    largest = std::max(largest, std::abs(grad));
  }
  CHECK(largest > 0.1);
  CHECK(std::abs(shift) < 1e-14);
  CHECK(std::abs(stretch) < 1e-14);
}
