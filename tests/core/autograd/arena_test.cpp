#include "core/autograd/arena.h"

#include <doctest/doctest.h>

#include "core/autograd/autograd.h"

using namespace denovo;

namespace {

Tensor leaf(const Shape& shape, double value, DType dtype = DType::kF32) {
  const Tensor tensor = Tensor::full(shape, value, dtype);
  tensor.set_requires_grad(true);
  return tensor;
}

/// y = 3 x
struct TripleNode : Node {
  std::string_view name() const override { return "triple"; }
  void backward(std::span<const Tensor>, std::span<GradSlot> grad_inputs) override {
    grad_inputs[0].set(Tensor::full({5}, 3, DType::kF32));
  }
};
void backward_of_triple(const Tensor& x) {
  const Tensor y = Tensor::zeros({5}, DType::kF32);
  attach(std::make_shared<TripleNode>(), {x}, {y});
  backward(y);
}

}  // namespace

TEST_CASE("arena: leaves keep their values and lie in order, each on a 64-byte boundary") {
  const Tensor a = leaf({3, 2}, 1), b = leaf({17}, 2), c = leaf({}, 3);
  const Tensor other_handle = b;
  const Arena arena({{.name = "a", .tensor = a}, {.name = "b", .tensor = b}, {"c", c}});
  CHECK(arena.numel() == 16 + 32 + 16);
  CHECK(arena.offset(2) == 48);
  const float* flat = arena.weights().data<float>();
  CHECK(a.data<float>() == flat);
  CHECK(other_handle.data<float>() == flat + 16);
  CHECK(reinterpret_cast<uintptr_t>(other_handle.raw()) % 64 == 0);
  CHECK(b.to_vector<float>() == std::vector<float>(17, 2));
  CHECK(b.shape() == Shape{17});
  double sum = 0;
  for (const double v : arena.weights().to_vector<double>()) sum += v;
  CHECK(sum == 6 * 1 + 17 * 2 + 3);  // nothing between the slices
}

TEST_CASE("arena: gradients collect in the flat tensor, and a written weight is seen by the leaf") {
  const Tensor a = leaf({3}, 1), b = leaf({5}, 2);
  const Arena arena({{"a", a}, {"b", b}});
  backward_of_triple(b);
  CHECK(b.grad().data<float>() == arena.gradients().data<float>() + 16);
  CHECK(arena.slice(arena.gradients(), 1).to_vector<float>() == std::vector<float>(5, 3));
  fill(arena.weights(), 7);
  CHECK(a.to_vector<float>() == std::vector<float>(3, 7));
}

TEST_CASE("arena: a leaf without a contribution has a zero gradient, not that of an earlier step") {
  const Tensor a = leaf({5}, 1), b = leaf({5}, 2);
  Arena arena({{"a", a}, {"b", b}});
  backward_of_triple(a);
  backward_of_triple(b);
  arena.clear_gradients();
  CHECK_FALSE(a.grad().defined());
  backward_of_triple(b);
  arena.fill_missing_gradients();
  CHECK(a.grad().to_vector<float>() == std::vector<float>(5, 0));
  CHECK(b.grad().to_vector<float>() == std::vector<float>(5, 3));  // assigned, not added
  backward_of_triple(b);
  CHECK(b.grad().to_vector<float>() == std::vector<float>(5, 6));
}

TEST_CASE("arena: leaves may outlive it") {
  const Tensor a = leaf({5}, 4, DType::kF64);
  { const Arena arena({{"a", a}}); }
  CHECK(a.to_vector<double>() == std::vector<double>(5, 4));
}

TEST_CASE("arena: names the leaf that does not fit") {
  const Tensor a = leaf({3}, 1);
  CHECK_THROWS_WITH_AS(Arena({}), "arena: needs at least one leaf, got none", ShapeError);
  CHECK_THROWS_WITH_AS(Arena({{"a", leaf({3}, 1, DType::kBF16)}}),
                       "arena: a must be f32 or f64, got bf16", ShapeError);
  CHECK_THROWS_WITH_AS(Arena({{"a", a}, {"b", leaf({3}, 1, DType::kF64)}}),
                       "arena: b must be f32 on the device of a, got f64 on cpu", ShapeError);
  CHECK_THROWS_WITH_AS(Arena({{"a", Tensor::zeros({3}, DType::kF32)}}),
                       "arena: a must be a leaf that requires a gradient, got one that does not",
                       ShapeError);
  CHECK_THROWS_WITH_AS(Arena({{"a", a}, {"a", leaf({3}, 1)}}),
                       "arena: leaves must differ, got a twice", ShapeError);
  CHECK_THROWS_WITH_AS(Arena({{"a", a}, {"b", a}}), "arena: leaves must differ, got b twice",
                       ShapeError);
}
