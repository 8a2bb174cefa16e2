// What changes from step to step, in one struct on the device, so that kernels read it there: the
// whole step can be captured in a CUDA graph, and no step waits for the host.
#pragma once

#include <cstdint>

#include "core/tensor/tensor.h"
#include "core/tensor/transfer.h"

namespace denovo {

struct StepState {
  int64_t iteration = 0;  // of the update being computed, from 0
  double lr = 0;          // learning rate of this update
  double grad_norm = 0;   // L2 norm over all gradients of this step
  int32_t faulted = 0;    // sticky: 1 from the first loss or gradient that is not finite; nothing
                          // is updated from then on
  int32_t padding = 0;
  int64_t fault_iteration = -1;
};

/// What a copy of a DeviceStepState holds, once it is there.
StepState step_state_of(HostCopy copy);

/// The device copy. Kernels take get() as an argument; the host goes through the rest.
class DeviceStepState {
 public:
  explicit DeviceStepState(Device device);

  StepState* get() const { return reinterpret_cast<StepState*>(storage_.raw()); }
  Device device() const { return storage_.device(); }

  /// In stream order, without waiting for a GPU.
  void write(const StepState& state) const;
  void set_learning_rate(double lr) const;
  HostCopy copy_to_host() const { return HostCopy(storage_); }
  /// Waits for all that was enqueued before.
  StepState read() const { return step_state_of(copy_to_host()); }

 private:
  Tensor storage_;
};

}  // namespace denovo
