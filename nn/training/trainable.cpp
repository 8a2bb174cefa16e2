#include "nn/training/trainable.h"

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

Trainable make_trainable(const Module& model, const SolverConfig& solver) {
  Trainable result;
  result.arena = std::make_unique<Arena>(trainable_leaves(model, solver));
  result.optimizer = std::make_unique<Sgd>(
      *result.arena, SgdOptions{solver.momentum, solver.weight_decay, solver.clip_gradient_norm});
  return result;
}

}  // namespace denovo::nn
