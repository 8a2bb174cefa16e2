#include "core/run/step_state.h"

#include <cstring>

#include "core/kernels/backend.h"
#include "core/run/step_state_kernels.h"

namespace denovo {

DeviceStepState::DeviceStepState(Device device)
    : storage_(Tensor::empty({static_cast<int64_t>(sizeof(StepState))}, DType::kU8, device)) {
  write({});
}

StepState step_state_of(HostCopy copy) {
  StepState state;
  std::memcpy(&state, copy.get().raw(), sizeof state);
  return state;
}

void DeviceStepState::write(const StepState& state) const {
  const Tensor host = Tensor::empty(storage_.shape(), DType::kU8);
  std::memcpy(host.raw(), &state, sizeof state);
  copy(storage_, upload(host, device()));
}

void DeviceStepState::set_learning_rate(double lr) const {
  with_backend(device(), [&](auto& ctx) { run_set_learning_rate(ctx, get(), lr); });
}

}  // namespace denovo
