// What changes from step to step, in one struct on the device, so that kernels read it there: the
// whole step can be captured in a CUDA graph, and no step waits for the host.
#pragma once

#include <cstdint>

#include "core/tensor.h"

namespace denovo {

struct StepState {
  int64_t iteration = 0;  // of the update being computed, from 0
  double lr = 0;          // learning rate of this update
  double grad_norm = 0;   // L2 norm over all gradients of this step
  int32_t faulted =
      0;  // sticky: 1 from the first loss or gradient that is not finite; no update is made
  int32_t padding = 0;
  int64_t fault_iteration = -1;
};

/// The device copy. On the CPU, state() may be read and written directly.
class DeviceStepState {
 public:
  explicit DeviceStepState(Device device)
      : storage_(Tensor::zeros({static_cast<int64_t>(sizeof(StepState))}, DType::kU8)) {
    *get() = StepState{};
    if (!device.is_cpu()) storage_ = storage_.to(device);
  }
  /// Pointer on the device; kernels take it as an argument.
  StepState* get() const { return reinterpret_cast<StepState*>(storage_.raw()); }
  Device device() const { return storage_.device(); }

 private:
  Tensor storage_;
};

}  // namespace denovo
