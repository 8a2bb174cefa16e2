// Copies through pinned memory, which alone lets host and GPU go on meanwhile. No CUDA headers:
// core/tensor/transfer.cpp includes this.
#pragma once

#include <cstddef>

#include "core/tensor/device.h"

namespace denovo {

/// Enqueues host -> GPU and returns; source may be reused. The bus carries it on a stream of its
/// own while kernels run; what is enqueued later sees it.
void cuda_upload(std::byte* destination, Device device, const std::byte* source, size_t bytes);

/// Waits for all that was enqueued.
void cuda_synchronize(Device device);

/// GPU -> host, enqueued when made.
class CudaDownload {
 public:
  CudaDownload(const std::byte* source, Device device, size_t bytes);
  ~CudaDownload();
  CudaDownload(const CudaDownload&) = delete;
  CudaDownload& operator=(const CudaDownload&) = delete;

  /// Waits for the copy and gives its bytes.
  void read(std::byte* destination);

 private:
  struct PinnedBlock* block_;
  Device device_;
  size_t bytes_;
};

}  // namespace denovo
