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

std::vector<Tensor> run_on(const DeviceCase& device_case, Device device) {
  std::vector<Tensor> inputs;
  for (const Tensor& input : device_case.inputs) inputs.push_back(input.to(device));
  std::vector<Tensor> outputs = device_case.forward(inputs);
  for (Tensor& output : outputs) output = output.to(kCpu);
  return outputs;
}

}  // namespace denovo::testing
