#include "core/device.h"

#include <charconv>

#include "core/error.h"

namespace denovo {

std::string to_string(Device device) {
  return device.is_cpu() ? "cpu" : "cuda:" + std::to_string(device.index);
}

Device parse_device(std::string_view text) {
  if (text == "cpu" || text == "auto") return kCpu;
  int index = 0;
  bool valid = text == "cuda";
  if (text.starts_with("cuda:")) {
    const auto [end, error] = std::from_chars(text.data() + 5, text.data() + text.size(), index);
    valid = error == std::errc() && end == text.data() + text.size() && index >= 0;
  }
  if (!valid) {
    throw ConfigError("device: expected auto, cpu or cuda:N, got \"" + std::string(text) + "\"");
  }
  throw DeviceError("device: this build has no CUDA runtime, use --device cpu, got \"" +
                    std::string(text) + "\"");
}

}  // namespace denovo
