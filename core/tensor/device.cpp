#include "core/tensor/device.h"

#include <charconv>

#include "core/cuda/cuda_devices.h"
#include "core/error.h"

namespace denovo {

std::string to_string(Device device) {
  return device.is_cpu() ? "cpu" : "cuda:" + std::to_string(device.index);
}

Device parse_device(std::string_view text, int auto_index) {
  if (text == "cpu") return kCpu;
  if (text == "auto") {
    if constexpr (kHasCuda) {
      if (device_problem(cuda_inventory(), auto_index).empty())
        return {DeviceType::kCuda, auto_index};
    }
    return kCpu;
  }
  int index = 0;
  bool valid = text == "cuda";
  if (text.starts_with("cuda:")) {
    const auto [end, error] = std::from_chars(text.data() + 5, text.data() + text.size(), index);
    valid = error == std::errc() && end == text.data() + text.size() && index >= 0;
  }
  if (!valid) {
    throw ConfigError("device: expected auto, cpu or cuda:N, got \"" + std::string(text) + "\"");
  }
  const Device device{DeviceType::kCuda, index};
  if constexpr (kHasCuda) {
    const std::string problem = device_problem(cuda_inventory(), index);
    if (!problem.empty()) throw DeviceError("device: " + problem);
    return device;
  }
  throw_no_cuda(device);
}

void throw_no_cuda(Device device) {
  throw DeviceError("device: this build has no CUDA half; use --device cpu, or build with " +
                    std::string("-DDENOVO_CUDA=ON, got \"") + to_string(device) + "\"");
}

}  // namespace denovo
