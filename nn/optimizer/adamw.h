// Adam with decoupled weight decay over an arena.
#pragma once

#include "nn/optimizer/optimizer.h"
#include "ops/adamw/adamw.h"

namespace denovo::nn {

struct AdamwOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 1e-2;  // times each leaf's weight_decay_factor
  ops::GradientClip clip = {};
};

/// ops/adamw/adamw.h has the formula. It remembers of each parameter NAME.exp_avg and
/// NAME.exp_avg_sq, torch.optim.AdamW's names for the running means of gradients and their squares.
class Adamw : public Optimizer {
 public:
  /// Throws ConfigError when an option is out of range, and as Optimizer does.
  Adamw(Arena& arena, const AdamwOptions& options);

 private:
  void update(const DeviceStepState& state) override;

  const ops::AdamwOptions options_;
};

}  // namespace denovo::nn
