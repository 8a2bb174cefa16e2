// Execution on one GPU: a stream in which everything is enqueued, the library handles bound to it,
// and scratch memory for the libraries. Private to core/cuda and the kernel files of ops.
#pragma once

#include <cuda_runtime.h>

#include <memory>
#include <source_location>

#include "core/kernels/backend.h"
#include "core/tensor/storage.h"

struct cudnnContext;
struct cublasLtContext;

namespace denovo {

/// One per GPU, made at its first use and never destroyed, so that tensors in static objects may
/// outlive main. One thread drives a GPU.
class CudaContext {
 public:
  CudaContext(const CudaContext&) = delete;
  CudaContext& operator=(const CudaContext&) = delete;

  Device device() const { return device_; }
  cudaStream_t stream() const { return stream_; }
  int multiprocessors() const { return multiprocessors_; }

  /// Library handles on stream(), made at first use: cuDNN alone takes a tenth of a second.
  cudnnContext* cudnn();
  cublasLtContext* cublas_lt();

  /// Scratch memory whose content lasts until the next call: everything runs in stream order, so
  /// one block serves all library calls. Null for no bytes. Throws ResourceError.
  void* workspace(size_t bytes);
  /// The block behind it, for those who keep its address; null before the first call.
  std::shared_ptr<Storage> workspace_storage() const { return workspace_; }

  /// To be called after each kernel launch. Throws what check_cuda throws for a launch that was
  /// refused; with DENOVO_CUDA_SYNC=1 it also waits for the kernel, so that a fault is reported
  /// with the name and place of the kernel that made it.
  void check_launch(const char* what, const std::source_location& where);

  bool tf32() const { return tf32_; }

  void synchronize(const std::source_location& where = std::source_location::current());

 private:
  friend CudaContext& cuda_context(Device device);
  friend void set_tf32(CudaContext& ctx, bool allowed);
  explicit CudaContext(Device device);

  Device device_;
  cudaStream_t stream_ = nullptr;
  int multiprocessors_ = 0;
  bool waits_for_kernels_;
  bool tf32_ = false;
  cudnnContext* cudnn_ = nullptr;
  cublasLtContext* cublas_lt_ = nullptr;
  std::shared_ptr<Storage> workspace_;
};

}  // namespace denovo
