// The trained parameters of a model in an arena, with their optimiser.
#pragma once

#include <memory>

#include "core/autograd/arena.h"
#include "nn/module.h"
#include "nn/optimizer/sgd.h"
#include "nn/training/run_config.h"

namespace denovo::nn {

struct Trainable {
  std::unique_ptr<Arena> arena;
  std::unique_ptr<Sgd> optimizer;
};

/// The parameters of the model that require a gradient, with the solver's weight decay and learning
/// rate for weights, norms and biases. The model must outlive the optimiser.
Trainable make_trainable(const Module& model, const SolverConfig& solver);

}  // namespace denovo::nn
