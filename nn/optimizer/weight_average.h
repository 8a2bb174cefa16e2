// The moving average of the weights that are trained, which is what is evaluated and kept.
#pragma once

#include "core/autograd/arena.h"
#include "core/run/step_state.h"

namespace denovo::nn {

/// ops/weight_average/weight_average.h has the formula. The arena must outlive it.
///
/// Parameters are averaged; running statistics of norms are those of the model (mmengine's default,
/// update_buffers=False): they are moving averages already.
class WeightAverage {
 public:
  /// Starts at the weights as they are. Throws ConfigError when decay is not in [0, 1).
  WeightAverage(const Arena& arena, double decay);

  /// After an update. Nothing is read back by the host.
  void update(const DeviceStepState& state) const;
  /// Starts again, at the weights as they are.
  void restart() const;

 private:
  friend class AveragedWeights;
  const Arena& arena_;
  const double decay_;
  const Tensor average_;
};

/// While it lives, the weights in the arena are their average: what is evaluated, or written into a
/// model file. They must not be trained meanwhile.
class AveragedWeights {
 public:
  /// nullptr: nothing happens.
  explicit AveragedWeights(const WeightAverage* average);
  ~AveragedWeights();
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;

 private:
  const WeightAverage* const average_;
  Tensor trained_;
};

}  // namespace denovo::nn
