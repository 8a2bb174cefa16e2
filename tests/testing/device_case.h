// Ops without a gradient on a GPU: the same inputs give what the CPU gives.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/run/step_state.h"
#include "core/tensor/tensor.h"

namespace denovo::testing {

using Inputs = std::span<const Tensor>;

/// Sizes that fill several blocks, values that tie, slots that are empty. A GPU must give what the
/// CPU gives, to the last bit wherever the order of sums does not enter.
struct DeviceCase {
  std::string name;
  std::vector<Tensor> inputs;  // moved to the device as they are
  std::function<std::vector<Tensor>(Inputs)> forward;
  double tolerance = 0;  // of max|gpu - cpu| / max(1, max|cpu|)
};

/// Registers the cases of one op folder from its test file:
///   static const DeviceCases nms_cases("nms", [] { return std::vector<DeviceCase>{...}; });
struct DeviceCases {
  DeviceCases(std::string folder, std::function<std::vector<DeviceCase>()> make);
};

/// All registered cases by folder.
const std::vector<std::pair<std::string, std::function<std::vector<DeviceCase>()>>>& device_cases();

/// The fields of a state that the op left, as an output of a case.
Tensor step_numbers(const DeviceStepState& state);

/// The case's outputs on the host, after it ran on the device.
std::vector<Tensor> run_on(const DeviceCase& device_case, Device device);

}  // namespace denovo::testing
