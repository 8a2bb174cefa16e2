#include "testing/device_case.h"

namespace denovo::testing {
namespace {

auto& case_list() {
  static std::vector<std::pair<std::string, std::function<std::vector<DeviceCase>()>>> list;
  return list;
}

}  // namespace

DeviceCases::DeviceCases(std::string folder, std::function<std::vector<DeviceCase>()> make) {
  case_list().emplace_back(std::move(folder), std::move(make));
}

const std::vector<std::pair<std::string, std::function<std::vector<DeviceCase>()>>>&
device_cases() {
  return case_list();
}

Tensor step_numbers(const DeviceStepState& state) {
  const StepState s = state.read();
  return Tensor::from<double>(
      {4}, {static_cast<double>(s.iteration), s.grad_norm, static_cast<double>(s.faulted),
            static_cast<double>(s.fault_iteration)});
}

std::vector<Tensor> run_on(const DeviceCase& device_case, Device device) {
  std::vector<Tensor> inputs;
  for (const Tensor& input : device_case.inputs) inputs.push_back(input.to(device));
  std::vector<Tensor> outputs = device_case.forward(inputs);
  for (Tensor& output : outputs) output = output.to(kCpu);
  return outputs;
}

}  // namespace denovo::testing
