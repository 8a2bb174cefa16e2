// What all optimisers share: one pass over the gradients of an arena, one over its weights, and
// state that is saved by the parameters' names.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/autograd/arena.h"
#include "core/files/safetensors.h"
#include "core/run/step_state.h"
#include "ops/parameter_update/parameter_update.h"

namespace denovo::nn {

/// Owns what it remembers of each parameter; the arena must outlive it.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// One update with the gradients in the arena (summed over ranks, if there are several), at
  /// state's learning rate. Leaves that got no gradient have one of zeros. When the norm or one of
  /// the losses is not finite, state is faulted, and from then on nothing changes; else
  /// state.iteration counts up. Afterwards all gradients are unset. Nothing is read back by the
  /// host.
  void step(const DeviceStepState& state, std::span<const Tensor> losses);

  /// What is remembered of each parameter, under its name and a suffix that says what, in the order
  /// of the arena; the tensors share memory with the optimiser.
  NamedTensors state_dict() const;

 protected:
  /// suffixes: of the names of what is remembered, each a flat tensor that starts at 0.
  /// weight_decay is multiplied by each leaf's factor. Throws ConfigError `<name>: …` when it or
  /// the clip is negative, and when leaves have more than 256 different pairs of factors.
  Optimizer(const char* name, Arena& arena, double weight_decay, const ops::GradientClip& clip,
            std::vector<std::string> suffixes);

  /// The pass over the weights.
  virtual void update(const DeviceStepState& state) = 0;

  const Arena& arena() const { return arena_; }
  const ops::ParameterGroups& groups() const { return groups_; }
  /// What is remembered under the suffix of this index.
  const Tensor& remembered(size_t suffix) const { return remembered_[suffix]; }

 private:
  Arena& arena_;
  const std::vector<std::string> suffixes_;
  ops::ParameterGroups groups_;
  std::vector<Tensor> remembered_;
};

/// Copies the values of `state`, in any order, into the tensors of the same names in a state_dict.
/// Throws IoError when a name is missing or unknown, or a shape or dtype differs, and changes
/// nothing then.
void load_exactly(const NamedTensors& into, const NamedTensors& state);

}  // namespace denovo::nn
