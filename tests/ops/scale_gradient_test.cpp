#include "ops/scale_gradient/scale_gradient.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/autograd/autograd.h"
#include "ops/add/add.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

// One factor alone gives no derivative; two that add up to 2 give that of x + x.
static const OpCases scale_gradient_cases("scale_gradient", [] {
  return std::vector<OpCase>{{
      .name = "two shares of a sum",
      .inputs = {random_tensor({2, 3, 3, 5}, 1)},
      .forward =
          [](std::span<const Tensor> in) {
            return std::vector{
                ops::add(ops::scale_gradient(in[0], 0.25), ops::scale_gradient(in[0], 1.75))};
          },
      .reference =
          [](std::span<const Tensor> in) {
            auto values = in[0].to_vector<double>();
            for (double& v : values) v *= 2;
            return std::vector{Tensor::from(in[0].shape(), values)};
          },
      .bf16_tolerance = 1.6e-2,  // a rounded input, two rounded shares and their rounded sum
  }};
});

TEST_CASE("scale_gradient: values stay, the gradient is the factor's share, added where asked") {
  const Tensor x = Tensor::from<double>({3}, {1, -2, 0.5});
  x.set_requires_grad(true);
  const Tensor grad = Tensor::from<double>({3}, {3, 6, -9});
  for (const double times : {1.0, 2.0}) {
    const Tensor y = ops::scale_gradient(x, 1.0 / 3);
    CHECK(y.to_vector<double>() == x.to_vector<double>());
    backward(y, grad);
    CHECK(x.grad().to_vector<double>() == std::vector<double>{times, 2 * times, -3 * times});
  }
}

TEST_CASE("scale_gradient: refuses integers and factors that are no numbers") {
  CHECK_THROWS_WITH_AS(ops::scale_gradient(Tensor::zeros({2}, DType::kI32), 0.5),
                       "scale_gradient: x must be floating point and factor finite, got i32 and "
                       "0.5",
                       ShapeError);
  CHECK_THROWS_AS(ops::scale_gradient(Tensor::zeros({2}, DType::kF32), NAN), ShapeError);
}
