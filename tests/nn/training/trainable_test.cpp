#include "nn/training/trainable.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "nn/layers/linear.h"
#include "nn/layers/norm.h"

using namespace denovo;

namespace {

struct LinearAndNorm : nn::Module {
  nn::Child<nn::Linear> linear{*this, "linear", 2, 4, nn::Initializer::normal(1)};
  nn::Child<nn::Norm> norm{*this, "norm", 4,
                           nn::NormOptions{.kind = nn::NormKind::kGroupNorm, .num_groups = 2}};
};

}  // namespace

TEST_CASE("trainable: weights, norms and biases each have their weight decay and rate") {
  LinearAndNorm model;
  model.initialize(1);
  model.for_each_parameter([](const std::string&, const nn::Parameter& parameter) {
    parameter.tensor().set_requires_grad(true);
    copy(parameter.tensor(), Tensor::full(parameter.tensor().shape(), 1, DType::kF32));
  });
  nn::SolverConfig solver;
  solver.weight_decay = 0.5;
  solver.weight_decay_norm = 0.25;
  solver.weight_decay_bias = 0.125;
  solver.bias_lr_factor = 2;
  const nn::Trainable trainable = nn::make_trainable(model, solver);
  DeviceStepState state(kCpu);
  state.get()->lr = 0.5;
  trainable.optimizer->step(state, {});  // without gradients: 1 - rate * decay
  std::map<std::string, float> value;
  for (const ArenaLeaf& leaf : trainable.arena->leaves())
    value[leaf.name] = leaf.tensor.to_vector<float>()[0];
  CHECK(value == std::map<std::string, float>{{"linear.weight", 1 - 0.5f * 0.5f},
                                              {"linear.bias", 1 - 1.0f * 0.125f},
                                              {"norm.weight", 1 - 0.5f * 0.25f},
                                              {"norm.bias", 1 - 0.5f * 0.25f}});
}
