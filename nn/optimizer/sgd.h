// The optimiser of the reference recipes: SGD with momentum and weight decay over an arena.
#pragma once

#include "nn/optimizer/optimizer.h"
#include "ops/sgd/sgd.h"

namespace denovo::nn {

struct SgdOptions {
  double momentum = 0.9;
  double weight_decay = 1e-4;  // times each leaf's weight_decay_factor
  ops::GradientClip clip = {};
};

/// ops/sgd/sgd.h has the formula. It remembers the momentum of each parameter, under the
/// parameter's name.
class Sgd : public Optimizer {
 public:
  /// Throws ConfigError when an option is out of range, and as Optimizer does.
  Sgd(Arena& arena, const SgdOptions& options);

 private:
  void update(const DeviceStepState& state) override;

  const ops::SgdOptions options_;
};

}  // namespace denovo::nn
