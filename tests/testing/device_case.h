// Ops without a gradient on a GPU: the same inputs give what the CPU gives.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/tensor.h"

namespace denovo::testing {

struct DeviceCase {
  std::string name;
  std::vector<Tensor> inputs;  // moved to the device as they are
  std::function<std::vector<Tensor>(std::span<const Tensor>)> forward;
  double tolerance = 0;  // of max|gpu - cpu| / max(1, max|cpu|)
};

/// Registers the cases of one op folder:
///   static const DeviceCases nms_cases("nms", [] { return std::vector<DeviceCase>{...}; });
struct DeviceCases {
  DeviceCases(std::string folder, std::function<std::vector<DeviceCase>()> make);
};

/// All registered cases by folder.
const std::vector<std::pair<std::string, std::function<std::vector<DeviceCase>()>>>& device_cases();

/// The case's outputs on the host, after it ran on the device.
std::vector<Tensor> run_on(const DeviceCase& device_case, Device device);

}  // namespace denovo::testing
