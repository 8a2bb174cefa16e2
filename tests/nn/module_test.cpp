#include "nn/module.h"

#include <doctest/doctest.h>

#include "nn/layers/linear.h"

using namespace denovo;
using namespace denovo::nn;

namespace {

class Leaf : public Module {
 private:
  Parameter weight_{*this, "weight", {2, 3}, Initializer::constant(4), ParameterKind::kWeight};
  Buffer mean_{*this, "mean", {3}, 0.5};
};

/// A transparent member in front of a list.
class Tree : public Module {
 public:
  explicit Tree(int leaves) : leaves_(*this) {
    for (int i = 0; i < leaves; ++i) leaves_.add("leaf" + std::to_string(i));
  }
  Leaf& leaf(size_t i) { return leaves_[i]; }
  size_t size() const { return leaves_.size(); }

 private:
  Parameter scale_{*this, "scale", {1}, Initializer::constant(1), ParameterKind::kNorm};
  Child<Leaf> inner_{*this, ""};
  ChildList<Leaf> leaves_;
};

std::vector<std::string> parameter_names(const Module& module) {
  std::vector<std::string> names;
  module.for_each_parameter(
      [&](const std::string& name, const Parameter&) { names.push_back(name); });
  return names;
}

}  // namespace

TEST_CASE("module: names are paths in declaration order, and a nameless member is transparent") {
  const Tree tree(2);
  CHECK(parameter_names(tree) ==
        std::vector<std::string>{"scale", "weight", "leaf0.weight", "leaf1.weight"});
  std::vector<std::string> buffers;
  tree.for_each_buffer([&](const std::string& name, const Buffer&) { buffers.push_back(name); });
  CHECK(buffers == std::vector<std::string>{"mean", "leaf0.mean", "leaf1.mean"});
  CHECK(tree.num_parameters() == 1 + 3 * 6);
}

TEST_CASE("module: initialize fills parameters and buffers") {
  const Tree tree(1);
  tree.initialize(1);
  tree.for_each_parameter([&](const std::string& name, const Parameter& parameter) {
    const float expected = name == "scale" ? 1.f : 4.f;
    for (const float value : parameter.tensor().to_vector<float>()) CHECK(value == expected);
  });
  tree.for_each_buffer([](const std::string&, const Buffer& buffer) {
    CHECK(buffer.tensor().to_vector<float>() == std::vector<float>(3, 0.5f));
  });
}

TEST_CASE("module: training mode reaches every module below, and parts can be switched alone") {
  Tree tree(2);
  CHECK(tree.leaf(1).is_training());
  tree.train(false);
  CHECK_FALSE(tree.is_training());
  CHECK_FALSE(tree.leaf(1).is_training());
  tree.leaf(0).train(true);
  CHECK(tree.leaf(0).is_training());
  CHECK_FALSE(tree.leaf(1).is_training());
}

TEST_CASE("module: storage of another dtype keeps what is frozen") {
  Tree tree(2);
  tree.leaf(0).set_trainable(false);
  tree.reallocate(DType::kF64, kCpu);
  tree.initialize(1);
  tree.for_each_parameter([](const std::string& name, const Parameter& parameter) {
    CAPTURE(name);
    CHECK(parameter.tensor().dtype() == DType::kF64);
    CHECK(parameter.tensor().requires_grad() == !name.starts_with("leaf0"));
  });
  tree.for_each_buffer([](const std::string&, const Buffer& buffer) {
    CHECK(buffer.tensor().dtype() == DType::kF64);
    CHECK_FALSE(buffer.tensor().requires_grad());
  });
}
