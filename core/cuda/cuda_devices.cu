// Asking the driver needs a kernel of this build: whether the GPU can run it is the test for "older
// than the built targets" that stays true whatever targets were chosen.
#include <cuda_runtime.h>

#include "core/cuda/cuda_devices.h"

namespace denovo {
namespace {

__global__ void probe_kernel() {}

CudaInventory take_inventory() {
  CudaInventory inventory;
  if (cudaDriverGetVersion(&inventory.driver_version) != cudaSuccess) inventory.driver_version = 0;
  cudaRuntimeGetVersion(&inventory.runtime_version);
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess && status != cudaErrorNoDevice &&
      status != cudaErrorInsufficientDriver) {
    inventory.error = cudaGetErrorString(status);
  }
  for (int index = 0; status == cudaSuccess && index < count; ++index) {
    CudaGpu gpu;
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, index) == cudaSuccess) {
      gpu.name = properties.name;
      gpu.compute_capability = 10 * properties.major + properties.minor;
    }
    inventory.gpus.push_back(gpu);
  }
  cudaGetLastError();  // what was found is in the inventory
  return inventory;
}

}  // namespace

bool gpu_runs_this_build(int index) {
  cudaFuncAttributes attributes{};
  const bool runs = cudaSetDevice(index) == cudaSuccess &&
                    cudaFuncGetAttributes(&attributes, probe_kernel) == cudaSuccess;
  cudaGetLastError();  // a refusal is an answer
  return runs;
}

const CudaInventory& cuda_inventory() {
  static const CudaInventory inventory = take_inventory();
  return inventory;
}

}  // namespace denovo
