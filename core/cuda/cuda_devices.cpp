#include "core/cuda/cuda_devices.h"

#include <fmt/format.h>

namespace denovo {
namespace {

std::string version(int number) {
  return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

}  // namespace

std::string device_problem(const CudaInventory& inventory, int index,
                           bool (*runs_this_build)(int)) {
  const int driver = inventory.driver_version, runtime = inventory.runtime_version;
  if (driver == 0) {
    return fmt::format(
        "cuda:{} needs an NVIDIA driver, and this machine has none; use --device cpu", index);
  }
  // A driver serves every toolkit of its own major version (minor version compatibility).
  if (driver / 1000 < runtime / 1000) {
    return fmt::format(
        "the NVIDIA driver supports CUDA {}, this build needs {}; update the driver, or build with "
        "an older toolkit",
        version(driver), version(runtime));
  }
  if (!inventory.error.empty()) {
    return fmt::format("the NVIDIA driver cannot list the GPUs ({}); use --device cpu",
                       inventory.error);
  }
  const auto count = static_cast<int>(inventory.gpus.size());
  if (count == 0) {
    return fmt::format(
        "cuda:{} does not exist, the driver shows no GPU; check CUDA_VISIBLE_DEVICES, or use "
        "--device cpu",
        index);
  }
  if (index >= count) {
    return fmt::format("cuda:{} does not exist, this machine has {} GPU{}; use cuda:0{}", index,
                       count, count == 1 ? "" : "s",
                       count == 1 ? "" : fmt::format(" to cuda:{}", count - 1));
  }
  if (!runs_this_build(index)) {
    const CudaGpu& gpu = inventory.gpus[static_cast<size_t>(index)];
    return fmt::format(
        "cuda:{} ({}, compute capability {}.{}) cannot run this build, which targets {}; configure "
        "with -DCMAKE_CUDA_ARCHITECTURES={} or use --device cpu",
        index, gpu.name, gpu.compute_capability / 10, gpu.compute_capability % 10,
        DENOVO_CUDA_ARCHITECTURES, gpu.compute_capability);
  }
  return {};
}

}  // namespace denovo
