#include "core/cuda/cuda_error.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "core/error.h"

namespace denovo {
namespace {

/// Faults of a kernel that the runtime reports at some later call.
bool is_delayed_fault(cudaError_t status) {
  switch (status) {
    case cudaErrorIllegalAddress:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorIllegalInstruction:
    case cudaErrorInvalidPc:
    case cudaErrorHardwareStackError:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string place(const std::source_location& where) {
  std::string_view file = where.file_name();
  for (const std::string_view layer : {"core/", "ops/", "tests/"}) {
    const size_t at = file.rfind(layer);
    if (at != std::string_view::npos && (at == 0 || file[at - 1] == '/')) file.remove_prefix(at);
  }
  return fmt::format("{}:{}", file, where.line());
}

bool cuda_sync_requested() {
  const char* value = std::getenv("DENOVO_CUDA_SYNC");
  return value && std::string_view(value) == "1";
}

void check_cuda(cudaError_t status, const char* what, const std::source_location& where) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // else the next launch would report this error again
  const std::string fact = fmt::format("{} failed: {} ({}, {})", what, cudaGetErrorString(status),
                                       cudaGetErrorName(status), place(where));
  switch (status) {
    case cudaErrorMemoryAllocation:
      throw ResourceError(fact);
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorInvalidDeviceFunction:
      throw DeviceError(fact + "; this build has no code for this GPU, configure it with " +
                        "-DCMAKE_CUDA_ARCHITECTURES for it");
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver:
    case cudaErrorDevicesUnavailable:
      throw DeviceError(fact);
    default:
      if (is_delayed_fault(status) && !cuda_sync_requested()) {
        throw BackendError(fact +
                           "; the fault may be an earlier kernel's, DENOVO_CUDA_SYNC=1 names it");
      }
      throw BackendError(fact);
  }
}

}  // namespace denovo
