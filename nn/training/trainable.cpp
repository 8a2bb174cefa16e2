#include "nn/training/trainable.h"

#include "nn/optimizer/adamw.h"
#include "nn/optimizer/sgd.h"

namespace denovo::nn {
namespace {

std::vector<ArenaLeaf> trainable_leaves(const Module& model, const SolverConfig& solver) {
  // Factors are relative to solver.weight_decay; a decay of 0 with one of its own on norms or
  // biases would have no factor, and nobody has asked for it.
  const auto factor = [&](double decay) {
    return solver.weight_decay > 0 ? decay / solver.weight_decay : 0;
  };
  std::vector<ArenaLeaf> leaves;
  model.for_each_parameter([&](const std::string& name, const Parameter& parameter) {
    if (!parameter.tensor().requires_grad()) return;
    ArenaLeaf leaf{name, parameter.tensor()};
    if (parameter.kind() == ParameterKind::kNorm)
      leaf.weight_decay_factor = factor(solver.weight_decay_norm);
    if (parameter.kind() == ParameterKind::kBias) {
      leaf.weight_decay_factor = factor(solver.weight_decay_bias);
      leaf.lr_factor = solver.bias_lr_factor;
    }
    leaves.push_back(std::move(leaf));
  });
  return leaves;
}

}  // namespace

void Trainable::step(const DeviceStepState& state, std::span<const Tensor> losses) const {
  optimizer->step(state, losses);
  if (average) average->update(state);
}

NamedTensors Trainable::state_dict() const {
  NamedTensors state = optimizer->state_dict();
  if (!average) return state;
  for (const ArenaLeaf& leaf : arena->leaves())
    state.emplace_back(leaf.name + ".trained", leaf.tensor);
  return state;
}

void Trainable::load_state_dict(const NamedTensors& state) const {
  if (average) average->restart();
  load_exactly(state_dict(), state);
}

std::unique_ptr<Optimizer> make_optimizer(Arena& arena, const SolverConfig& solver) {
  const ops::GradientClip clip{solver.clip_gradient_norm, solver.clip_value};
  if (solver.optimizer == OptimizerKind::kAdamw)
    return std::make_unique<Adamw>(
        arena, AdamwOptions{solver.beta1, solver.beta2, solver.eps, solver.weight_decay, clip});
  return std::make_unique<Sgd>(arena, SgdOptions{solver.momentum, solver.weight_decay, clip});
}

Trainable make_trainable(const Module& model, const SolverConfig& solver) {
  Trainable result;
  result.arena = std::make_unique<Arena>(trainable_leaves(model, solver));
  result.optimizer = make_optimizer(*result.arena, solver);
  if (solver.ema_decay > 0)
    result.average = std::make_unique<WeightAverage>(*result.arena, solver.ema_decay);
  return result;
}

}  // namespace denovo::nn
