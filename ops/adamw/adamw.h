// Adam with decoupled weight decay (Loshchilov & Hutter, "Decoupled weight decay regularization",
// 2019, algorithm 2), all parameters in one pass.
#pragma once

#include "ops/parameter_update/parameter_update.h"

namespace denovo::ops {

/// Flat tensors of an arena: [n], n a multiple of kUpdateBlock; f32 or f64, all of one dtype.
struct AdamwTensors {
  Tensor weights, gradients;
  Tensor mean, mean_square;  // running, of the gradients, not yet corrected for starting at 0
};

struct AdamwOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  GradientClip clip = {};
};

/// Unless state.faulted, with t = state.iteration + 1, the number of this update:
///   g = gradient * min(1, clip.norm / state.grad_norm), then within [-clip.value, clip.value]
///   lr = state.lr * lr_factor
///   w = w - lr * weight_decay * w
///   m = m + (1 - beta1) * (g - m)
///   s = beta2 * s + (1 - beta2) * g^2
///   w = w - lr / (1 - beta1^t) * m / (sqrt(s) / sqrt(1 - beta2^t) + eps)
///   state.iteration += 1
/// torch.optim.AdamW's operations; the decay is multiplied by the learning rate there too, and so
/// follows its schedule. When state.faulted, nothing changes. Updates are counted by
/// state.iteration alone: a resumed run needs no count of its own.
///
/// Throws ShapeError when a shape or dtype differs from the above.
void adamw(const AdamwTensors& tensors, const ParameterGroups& groups, const AdamwOptions& options,
           const DeviceStepState& state);

}  // namespace denovo::ops
