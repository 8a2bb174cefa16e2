// Stochastic gradient descent with momentum, all parameters in one pass.
#pragma once

#include "ops/parameter_update/parameter_update.h"

namespace denovo::ops {

/// Flat tensors of an arena: [n], n a multiple of kUpdateBlock; f32 or f64, all of one dtype.
struct SgdTensors {
  Tensor weights, gradients, momentum;
};

struct SgdOptions {
  double momentum = 0.9;
  GradientClip clip = {};
};

/// Unless state.faulted:
///   g = gradient * min(1, clip.norm / state.grad_norm), then within [-clip.value, clip.value]
///   v = momentum * v + (g + weight_decay * w)
///   w = w - state.lr * lr_factor * v
///   state.iteration += 1
/// The learning rate stands outside v, as in PyTorch and detectron2, so a drop acts at once. When
/// state.faulted, nothing changes.
///
/// Throws ShapeError when a shape or dtype differs from the above.
void sgd(const SgdTensors& tensors, const ParameterGroups& groups, const SgdOptions& options,
         const DeviceStepState& state);

}  // namespace denovo::ops
