#include "core/cuda/cuda_context.h"

#include <cublasLt.h>
#include <cudnn_graph.h>
#include <fmt/format.h>

#include <array>
#include <mutex>

#include "core/cuda/cuda_devices.h"
#include "core/cuda/cuda_error.h"
#include "core/error.h"

namespace denovo {

CudaContext::CudaContext(Device device)
    : device_(device), waits_for_kernels_(cuda_sync_requested()) {
  const std::string problem = device_problem(cuda_inventory(), device.index);
  if (!problem.empty()) throw DeviceError("device: " + problem);
  check_cuda(cudaSetDevice(device.index), "cudaSetDevice");
  check_cuda(
      cudaDeviceGetAttribute(&multiprocessors_, cudaDevAttrMultiProcessorCount, device.index),
      "cudaDeviceGetAttribute");
  // Not the default stream: that one waits for every other.
  check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
}

cudnnContext* CudaContext::cudnn() {
  if (cudnn_) return cudnn_;
  const cudnnStatus_t created = cudnnCreate(&cudnn_);
  const cudnnStatus_t bound =
      created == CUDNN_STATUS_SUCCESS ? cudnnSetStream(cudnn_, stream_) : created;
  if (bound != CUDNN_STATUS_SUCCESS) {
    cudnn_ = nullptr;
    throw BackendError(
        fmt::format("cudnnCreate failed: {} ({})", cudnnGetErrorString(bound), to_string(device_)));
  }
  return cudnn_;
}

cublasLtContext* CudaContext::cublas_lt() {
  if (cublas_lt_) return cublas_lt_;
  const cublasStatus_t status = cublasLtCreate(&cublas_lt_);
  if (status != CUBLAS_STATUS_SUCCESS) {
    cublas_lt_ = nullptr;
    throw BackendError(fmt::format("cublasLtCreate failed: {} ({})", cublasLtGetStatusName(status),
                                   to_string(device_)));
  }
  return cublas_lt_;
}

void* CudaContext::workspace(size_t bytes) {
  if (bytes == 0) return nullptr;
  if (!workspace_ || workspace_->bytes() < bytes) {
    workspace_.reset();  // first, so that the pool may use its pages again
    workspace_ = Storage::allocate(bytes, device_);
  }
  return workspace_->data();
}

void CudaContext::check_launch(const char* what, const std::source_location& where) {
  check_cuda(cudaPeekAtLastError(), what, where);
  if (waits_for_kernels_) check_cuda(cudaStreamSynchronize(stream_), what, where);
}

void CudaContext::synchronize(const std::source_location& where) {
  check_cuda(cudaStreamSynchronize(stream_), "cudaStreamSynchronize", where);
}

void set_tf32(CudaContext& ctx, bool allowed) {
  ctx.tf32_ = allowed;
}

CudaContext& cuda_context(Device device) {
  // Every op asks, nearly always for the GPU it asked for before.
  thread_local int current_index = -1;
  thread_local CudaContext* current = nullptr;
  if (device.index == current_index) return *current;

  constexpr size_t kMaxGpus = 64;
  static std::mutex mutex;
  static std::array<CudaContext*, kMaxGpus> contexts{};
  const std::lock_guard lock(mutex);
  const auto index = static_cast<size_t>(device.index);
  if (index >= kMaxGpus) {
    throw DeviceError(fmt::format("device: {} does not exist", to_string(device)));
  }
  if (!contexts[index]) contexts[index] = new CudaContext(device);
  check_cuda(cudaSetDevice(device.index), "cudaSetDevice");
  current_index = device.index;
  current = contexts[index];
  return *current;
}

}  // namespace denovo
