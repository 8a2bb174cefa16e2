// Sizes at which the CPU computes 3x3 convolutions by Winograd's method, against plain sums in f64.
#include <doctest/doctest.h>

#include "ops/conv2d/conv2d.h"
#include "ops/conv2d/winograd_cpu.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

namespace {

struct Case {
  const char* name;
  Shape x, weight;
  bool bias;
  ops::Conv2dOptions options;
};

OpCase op_case_of(const Case& c) {
  std::vector<Tensor> inputs{random_tensor(c.x, 1), random_tensor(c.weight, 2)};
  if (c.bias) inputs.push_back(random_tensor({c.weight[0]}, 3));
  return {.name = c.name, .inputs = inputs, .forward = [c](std::span<const Tensor> in) {
            return std::vector{ops::conv2d(in[0], in[1], c.bias ? in[2] : Tensor(), c.options)};
          }};
}

/// Twice the worst seen over these cases; F(4x4, 3x3) at the points 0, +-1, +-2 would need 4 times
/// as much.
constexpr double kTolerance = 5e-6;

const Case kCases[] = {
    {"RoI features", {8, 7, 7, 32}, {40, 3, 3, 32}, true, {.padding = 1, .relu = true}},
    {"a pyramid level", {1, 21, 34, 64}, {32, 3, 3, 64}, true, {.padding = 1}},
    {"no padding", {2, 19, 22, 32}, {32, 3, 3, 32}, false, {}},
    {"wide padding", {2, 13, 14, 48}, {32, 3, 3, 48}, true, {.padding = 2, .relu = true}},
    {"several chunks of squares", {3, 96, 97, 40}, {48, 3, 3, 40}, false, {.padding = 1}},
};

}  // namespace

TEST_CASE("conv2d: Winograd's method agrees with sums in f64, values and gradients") {
  for (const Case& c : kCases) {
    const OpCase op_case = op_case_of(c);
    const Tensor x = op_case.inputs[0].to(DType::kF32), weight = op_case.inputs[1].to(DType::kF32);
    const Tensor y = ops::conv2d(x, weight, {}, c.options);
    REQUIRE(ops::winograd_fits({x, weight, y, c.options}, DType::kF32));
    const CheckResult values = check_dtype(op_case, DType::kF32, kTolerance);
    CHECK_MESSAGE(values.ok, values.report);
    const CheckResult repeat = check_repeat_and_accumulate(op_case);
    CHECK_MESSAGE(repeat.ok, repeat.report);
  }
}

TEST_CASE("conv2d: Winograd's method is for 3x3 filters of stride 1 in f32 with enough to share") {
  const auto fits = [](const Shape& x_shape, const Shape& weight_shape,
                       const ops::Conv2dOptions& options, DType dtype = DType::kF32) {
    const Tensor x = Tensor::zeros(x_shape, DType::kF32),
                 weight = Tensor::zeros(weight_shape, DType::kF32);
    return ops::winograd_fits({x, weight, ops::conv2d(x, weight, {}, options), options}, dtype);
  };
  const Shape x{2, 16, 16, 32}, weight{32, 3, 3, 32};
  CHECK(fits(x, weight, {.padding = 1}));
  CHECK_FALSE(fits(x, weight, {.padding = 1}, DType::kBF16));
  CHECK_FALSE(fits(x, weight, {.padding = 1}, DType::kF64));
  CHECK_FALSE(fits(x, weight, {.stride = 2, .padding = 1}));
  CHECK_FALSE(fits(x, weight, {.padding = 2, .dilation = 2}));
  CHECK_FALSE(fits(x, {32, 3, 3, 16}, {.padding = 1, .groups = 2}));
  CHECK_FALSE(fits(x, {36, 3, 3, 32}, {.padding = 1}));
  CHECK_FALSE(fits(x, {32, 1, 1, 32}, {}));
  CHECK_FALSE(fits({1, 8, 8, 32}, weight, {.padding = 1}));
}
