// Status codes of the CUDA libraries as exceptions.
#pragma once

#include <cuda_runtime.h>

#include <source_location>
#include <string>

namespace denovo {

/// "ops/relu/relu_kernels.cpp:41": the place relative to the source tree.
std::string place(const std::source_location& where);

/// Throws unless status is cudaSuccess: ResourceError when memory is exhausted, DeviceError when
/// the GPU cannot run this build, BackendError otherwise. what: the call or kernel; the text also
/// names the place and, for faults that surface later than their kernel, how to find that.
void check_cuda(cudaError_t status, const char* what,
                const std::source_location& where = std::source_location::current());

/// True when DENOVO_CUDA_SYNC=1 asks to wait for every kernel.
bool cuda_sync_requested();

}  // namespace denovo
