#include "ops/cast/cast.h"

#include <doctest/doctest.h>

#include "core/autograd/arena.h"
#include "core/autograd/autograd.h"
#include "ops/add/add.h"
#include "testing/op_case.h"

using namespace denovo;
using namespace denovo::testing;

// Through f32 and back would hide a central difference of step 1e-5: the case keeps f64, where the
// cast is the identity; the tests below hold the rest.
static const OpCases cast_cases("cast", [] {
  return std::vector<OpCase>{{.name = "to its own dtype",
                              .inputs = {random_tensor({3, 5}, 1)},
                              .forward = [](std::span<const Tensor> in) {
                                return std::vector{
                                    ops::add(ops::cast(in[0], in[0].dtype()), in[0])};
                              }}};
});

TEST_CASE("cast: rounds to nearest, ties to even") {
  // bf16 has eight significant bits: between 1 and 2 its numbers are 1/128 apart.
  const Tensor x = Tensor::from<float>({4}, {1 + 1.f / 256, 1 + 3.f / 256, 1 + 1.1f / 256, -2.5f});
  const auto y = ops::cast(x, DType::kBF16).to_vector<float>();
  CHECK(y == std::vector<float>{1, 1 + 2.f / 128, 1 + 1.f / 128, -2.5f});
}

TEST_CASE("cast: the gradient comes back in the dtype of x, and terms are added there") {
  const Tensor weight = Tensor::from<float>({2}, {0.5f, 3}).set_requires_grad(true);
  const Tensor one = Tensor::from<float>({2}, {1, 1}).to(DType::kBF16);
  const Tensor small = Tensor::from<float>({2}, {1.f / 512, 1.f / 512}).to(DType::kBF16);
  const Tensor first = ops::cast(weight, DType::kBF16), second = ops::cast(weight, DType::kBF16);
  backward(std::vector{first, second}, std::vector{one, small});
  // In bf16 the sum would be 1.
  CHECK(weight.grad().dtype() == DType::kF32);
  CHECK(weight.grad().to_vector<float>() == std::vector<float>{1 + 1.f / 512, 1 + 1.f / 512});
}

TEST_CASE(
    "cast: leaves of an arena are rounded together, as each would be, and no longer than that") {
  const auto leaf = [](std::vector<float> values) {
    return Tensor::from<float>({std::ssize(values)}, values).set_requires_grad(true);
  };
  const Tensor a = leaf({1 + 1.f / 256, -3}), b = leaf({1 + 1.1f / 256});
  const Arena arena({{"a", a}, {"b", b}});
  const Tensor alone_a = ops::cast(a, DType::kBF16), alone_b = ops::cast(b, DType::kBF16);
  const Tensor flat = Tensor::empty({arena.numel()}, DType::kBF16);
  {
    const RoundedLeaves rounded(arena, flat);
    const Tensor y = ops::cast(a, DType::kBF16);
    CHECK(y.raw() == flat.raw());
    CHECK(y.to_vector<float>() == alone_a.to_vector<float>());
    CHECK(ops::cast(b, DType::kBF16).to_vector<float>() == alone_b.to_vector<float>());
    CHECK(ops::cast(a, DType::kF64).to_vector<float>() == a.to_vector<float>());
    backward(y, Tensor::from<float>({2}, {2, 5}).to(DType::kBF16));
    CHECK(a.grad().to_vector<float>() == std::vector<float>{2, 5});
  }
  fill(arena.weights(), 7);
  CHECK(ops::cast(a, DType::kBF16).to_vector<float>() == std::vector<float>{7, 7});
}

TEST_CASE("cast: refuses integers") {
  CHECK_THROWS_WITH_AS(ops::cast(Tensor::zeros({2}, DType::kI32), DType::kF32),
                       "cast: both dtypes must be floating point, got i32 to f32", ShapeError);
}
