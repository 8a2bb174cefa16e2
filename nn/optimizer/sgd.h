// The optimiser of the reference recipes: SGD with momentum and weight decay over an arena.
#pragma once

#include <span>

#include "core/autograd/arena.h"
#include "core/files/safetensors.h"
#include "core/run/step_state.h"
#include "ops/sgd/sgd.h"

namespace denovo::nn {

struct SgdOptions {
  double momentum = 0.9;
  double weight_decay = 1e-4;  // times each leaf's weight_decay_factor
  double clip_norm = 0;        // longest gradient, all parameters together; 0: no clipping
};

/// Owns the momentum; the arena must outlive it.
class Sgd {
 public:
  /// Throws ConfigError when an option is out of range, and when leaves have more than 256
  /// different pairs of factors.
  Sgd(Arena& arena, const SgdOptions& options);

  /// One update with the gradients in the arena (summed over ranks, if there are several), at
  /// state's learning rate; ops/sgd/sgd.h has the formula. Leaves that got no gradient decay. When
  /// the norm or one of the losses is not finite, state is faulted, and from then on nothing
  /// changes; else state.iteration counts up. Afterwards all gradients are unset. Nothing is read
  /// back by the host.
  void step(const DeviceStepState& state, std::span<const Tensor> losses);

  /// Momentum of each parameter under the parameter's name, in the order of the arena; the tensors
  /// share memory with the optimiser.
  NamedTensors state_dict() const;
  /// Copies values of such a list, in any order. Throws IoError when a name is missing or unknown,
  /// or a shape or dtype differs; nothing is changed then.
  void load_state_dict(const NamedTensors& state);

 private:
  Arena& arena_;
  ops::SgdTensors tensors_;
  ops::SgdGroups groups_;
  ops::SgdOptions options_;
};

}  // namespace denovo::nn
