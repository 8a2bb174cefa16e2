// Where a tensor lives.
#pragma once

#include <string>
#include <string_view>

namespace denovo {

/// Whether this build has the CUDA half.
#ifdef DENOVO_WITH_CUDA
inline constexpr bool kHasCuda = true;
#else
inline constexpr bool kHasCuda = false;
#endif

enum class DeviceType { kCpu, kCuda };

struct Device {
  DeviceType type = DeviceType::kCpu;
  int index = 0;  // always 0 on the CPU

  bool is_cpu() const { return type == DeviceType::kCpu; }
  bool operator==(const Device&) const = default;
};

inline constexpr Device kCpu{};

/// "cpu" or "cuda:0".
std::string to_string(Device device);

/// Reads "cpu", "cuda" (= cuda:0), "cuda:N" or "auto" (cuda:auto_index if this build and machine
/// have it, else the CPU). Throws ConfigError on other text, DeviceError when the device is not
/// there.
Device parse_device(std::string_view text, int auto_index = 0);

/// For a GPU that a build without CUDA was asked for.
[[noreturn]] void throw_no_cuda(Device device);

}  // namespace denovo
