// The terms of the sum of squares and what becomes of it, for the CPU and CUDA kernels.
#pragma once

#include <cmath>

#include "core/kernels/host_device.h"
#include "core/run/step_state.h"

namespace denovo::ops {

template <class T>
struct SquaredGradient {
  const T* gradients;
  DENOVO_HD double operator()(int64_t i) const {
    const double value = gradients[i];
    return value * value;
  }
};

DENOVO_HD void record_gradient_norm(StepState& state, double sum_of_squares, bool losses_finite) {
  state.grad_norm = std::sqrt(sum_of_squares);
  // f32 squared cannot overflow in double, so the sum is finite exactly when every gradient is.
  const bool usable = losses_finite && std::isfinite(sum_of_squares);
  if (usable || state.faulted) return;
  state.faulted = 1;
  state.fault_iteration = state.iteration;
}

}  // namespace denovo::ops
