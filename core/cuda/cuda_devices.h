// Which GPUs this process may use, and why not. No CUDA headers: core/tensor/device.cpp includes
// this.
#pragma once

#include <string>
#include <vector>

namespace denovo {

struct CudaGpu {
  std::string name;
  int compute_capability = 0;  // 10 * major + minor
};

/// What the driver reports; versions as CUDA counts them, 1000 * major + 10 * minor.
struct CudaInventory {
  int driver_version = 0;  // 0: no driver
  int runtime_version = 0;
  std::string error = {};  // of the runtime, when it could not list the GPUs for another reason
  std::vector<CudaGpu> gpus = {};
};

/// Asks the driver, once per process. Never throws.
const CudaInventory& cuda_inventory();

/// Whether this build has code for the GPU, which stays the current one. The only question that
/// takes memory of it: each rank asks about its own.
bool gpu_runs_this_build(int index);

/// Empty when cuda:index can be used, else one sentence with the fact and the remedy.
std::string device_problem(const CudaInventory& inventory, int index,
                           bool (*runs_this_build)(int) = gpu_runs_this_build);

}  // namespace denovo
