#include "core/autograd/autograd.h"

#include <doctest/doctest.h>

using namespace denovo;

namespace {

/// y = factor * x, in f64; counts its backward calls.
struct ScaleNode : Node {
  double factor;
  int* calls;
  std::string_view name() const override { return "scale"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    ++*calls;
    const Tensor& grad_x = grad_inputs[0].buffer();
    const bool add = grad_inputs[0].accumulates();
    for (int64_t i = 0; i < grad_x.numel(); ++i) {
      double& g = grad_x.data<double>()[i];
      g = (add ? g : 0) + factor * grad_outputs[0].data<double>()[i];
    }
  }
};

int calls = 0;

Tensor scale(const Tensor& x, double factor) {
  Tensor y = x.clone();
  for (int64_t i = 0; i < y.numel(); ++i) y.data<double>()[i] *= factor;
  if (wants_grad({x})) {
    auto node = std::make_shared<ScaleNode>();
    node->factor = factor;
    node->calls = &calls;
    attach(node, {x}, {y});
  }
  return y;
}

/// a + b, passing the gradient through without a copy.
struct AddNode : Node {
  std::string_view name() const override { return "add"; }
  void backward(std::span<const Tensor> grad_outputs, std::span<GradSlot> grad_inputs) override {
    for (GradSlot& slot : grad_inputs) slot.set(grad_outputs[0]);
  }
};

Tensor add(const Tensor& a, const Tensor& b) {
  Tensor y = a.clone();
  accumulate(y, b);
  if (wants_grad({a, b})) attach(std::make_shared<AddNode>(), {a, b}, {y});
  return y;
}

Tensor leaf(double value) {
  return Tensor::from<double>({1}, {value}).set_requires_grad(true);
}

}  // namespace

TEST_CASE("autograd: a diamond visits each node once and sums both paths") {
  const Tensor x = leaf(1);
  calls = 0;
  const Tensor a = scale(x, 2), b = scale(a, 3), c = scale(a, 5);
  backward(add(b, c));
  CHECK(x.grad().item() == 2 * (3 + 5));
  CHECK(calls == 3);
}

TEST_CASE("autograd: a tensor used twice by one op gets both gradients") {
  const Tensor x = leaf(1), y = scale(x, 2);
  backward(add(add(y, y), add(x, x)));
  CHECK(x.grad().item() == 6);
}

TEST_CASE("autograd: a gradient that was passed through is not changed by a later contribution") {
  const Tensor x = leaf(1), z = leaf(1);
  const Tensor a = scale(x, 1), b = scale(z, 1);
  const Tensor s = add(a, b);      // both get the same storage
  backward(add(s, scale(a, 10)));  // then a gets more
  CHECK(x.grad().item() == 11);
  CHECK(z.grad().item() == 1);
}

TEST_CASE("autograd: gradients add over passes until they are cleared") {
  const Tensor x = leaf(1);
  backward(scale(x, 2));
  backward(scale(x, 2));
  CHECK(x.grad().item() == 4);
  x.clear_grad();
  CHECK_FALSE(x.grad().defined());
  backward(scale(x, 3));
  CHECK(x.grad().item() == 3);
}

TEST_CASE("autograd: a leaf's hook fires once, after its last contribution") {
  const Tensor x = leaf(1);
  int fired = 0;
  double seen = 0;
  x.set_grad_hook([&] {
    ++fired;
    seen = x.grad().item();
  });
  backward(add(scale(x, 2), scale(scale(x, 3), 4)));
  CHECK(fired == 1);
  CHECK(seen == 14);
}

TEST_CASE("autograd: nothing is recorded under NoGrad") {
  const Tensor x = leaf(1);
  const NoGrad no_grad;
  CHECK_FALSE(scale(x, 2).impl()->producer);
}

TEST_CASE("autograd: a chain of 200000 nodes is run and freed without recursion") {
  const Tensor x = leaf(1);
  {
    Tensor y = x;
    for (int i = 0; i < 200000; ++i) y = scale(y, 1);
    backward(y);
  }
  CHECK(x.grad().item() == 1);
}

TEST_CASE("autograd: a result that no op recorded cannot be differentiated") {
  CHECK_THROWS_AS(backward(Tensor::zeros({1}, DType::kF64)), InternalError);
}
