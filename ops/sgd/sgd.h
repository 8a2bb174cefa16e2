// Stochastic gradient descent with momentum, all parameters in one pass.
#pragma once

#include "core/run/step_state.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// Flat tensors of an arena: [n], n a multiple of kSgdBlock; f32 or f64, all of one dtype.
struct SgdTensors {
  Tensor weights, gradients, momentum;
};

/// Elements that share a group: Arena::kBlock.
inline constexpr int64_t kSgdBlock = 16;

struct SgdGroups {
  Tensor of_block;  // [n / kSgdBlock] u8: group of a block of elements, below G
  Tensor factors;   // [G, 2] f64: weight decay, factor on the learning rate
};

struct SgdOptions {
  double momentum = 0.9;
  double clip_norm = 0;  // longest gradient, all parameters together; 0: no clipping
};

/// Unless state.faulted:
///   g = gradient * min(1, clip_norm / state.grad_norm)
///   v = momentum * v + (g + weight_decay * w)
///   w = w - state.lr * lr_factor * v
///   state.iteration += 1
/// The learning rate stands outside v, as in PyTorch and detectron2, so a drop acts at once. When
/// state.faulted, nothing changes.
///
/// Throws ShapeError when a shape or dtype differs from the above.
void sgd(const SgdTensors& tensors, const SgdGroups& groups, const SgdOptions& options,
         const DeviceStepState& state);

}  // namespace denovo::ops
