// The trained parameters of a model in an arena, with all that makes their updates.
#pragma once

#include <memory>
#include <span>

#include "core/autograd/arena.h"
#include "nn/module.h"
#include "nn/optimizer/optimizer.h"
#include "nn/optimizer/weight_average.h"
#include "nn/training/run_config.h"

namespace denovo::nn {

struct Trainable {
  std::unique_ptr<Arena> arena;
  std::unique_ptr<Optimizer> optimizer;
  std::unique_ptr<WeightAverage> average;  // null: none

  /// One update (Optimizer::step), and the average after it.
  void step(const DeviceStepState& state, std::span<const Tensor> losses) const;

  /// What the next update depends on besides the model that a checkpoint holds: the optimiser's
  /// state and, where that model is an average, the weights themselves, as NAME.trained. The
  /// tensors share memory with this.
  NamedTensors state_dict() const;
  /// After the model of the same checkpoint was loaded. Throws what load_exactly throws.
  void load_state_dict(const NamedTensors& state) const;
};

/// The solver's optimiser over an arena, which must outlive it.
std::unique_ptr<Optimizer> make_optimizer(Arena& arena, const SolverConfig& solver);

/// The parameters of the model that require a gradient, with the solver's optimiser, its weight
/// decay and learning rate for weights, norms and biases. The model must outlive it.
Trainable make_trainable(const Module& model, const SolverConfig& solver);

}  // namespace denovo::nn
