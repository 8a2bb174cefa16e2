// The exponential moving average of weights, all parameters in one pass.
#pragma once

#include "core/run/step_state.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// Unless state.faulted, with t = state.iteration, the number of updates that weights have had:
///   d = min(decay, (1 + t) / (10 + t))
///   average = average + (1 - d) * (weights - average)
/// The second term lets the average of a run from random weights forget how it began; it is that of
/// TensorFlow's ExponentialMovingAverage(num_updates). When state.faulted, nothing changes.
///
///   average, weights  [n]  f32 or f64, n a multiple of 16: flat tensors of an arena
///
/// Throws ShapeError when a shape or dtype differs from the above.
void weight_average(const Tensor& average, const Tensor& weights, double decay,
                    const DeviceStepState& state);

}  // namespace denovo::ops
