// The one look at all gradients of a step: how long they are, and whether they can be used.
#pragma once

#include <span>

#include "core/run/step_state.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// state.grad_norm = sqrt(sum_i gradients[i]^2), accumulated in double in a fixed order. When the
/// norm or one of the losses is not finite and no earlier step was faulted: state.faulted = 1 and
/// state.fault_iteration = state.iteration. The flag is sticky; only the host clears it.
///
///   gradients  [n]       f32 or f64, the flat gradients of an arena
///   losses     each []   dtype of gradients, at most kMaxLosses
///
/// Nothing is read back by the host. Throws ShapeError when a shape or dtype differs from the
/// above.
void gradient_norm(const Tensor& gradients, std::span<const Tensor> losses,
                   const DeviceStepState& state);

inline constexpr int kMaxLosses = 16;  // a detector with keypoints and cascade stages has fewer

}  // namespace denovo::ops
