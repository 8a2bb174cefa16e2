// What the updates of all optimisers have in common: flat tensors in blocks, factors by group,
// clipped gradients.
#pragma once

#include "core/run/step_state.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// Elements that share a group: Arena::kBlock.
inline constexpr int64_t kUpdateBlock = 16;

/// How the optimiser treats each parameter of an arena [n].
struct ParameterGroups {
  Tensor of_block;  // [n / kUpdateBlock] u8: group of a block of elements, below G
  Tensor factors;   // [G, 2] f64: weight decay, factor on the learning rate
};

/// What is done to gradients that are too large before they are used.
struct GradientClip {
  double norm = 0;   // longest gradient, all parameters together; 0: no limit
  double value = 0;  // largest magnitude of an element, after that; 0: no limit
};

/// Throws ShapeError `<op>: …` unless weights are f32 or f64 [n], n a multiple of kUpdateBlock, and
/// the groups are those of n elements.
void require_arena(const char* op, const Tensor& weights, const ParameterGroups& groups);

}  // namespace denovo::ops
