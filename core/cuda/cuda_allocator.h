// Memory of a GPU, and copies to and from it. No CUDA headers: core/tensor/storage.cpp includes
// this.
#pragma once

#include <cstddef>
#include <mutex>
#include <unordered_set>

#include "core/tensor/memory_holders.h"
#include "core/tensor/storage.h"

namespace denovo {

/// Stream-ordered: a block that is freed is handed out again at once, because whatever still uses
/// it was enqueued before whatever will. The driver's pool keeps all it ever took (release
/// threshold without bound) until release_cache(). Thread-safe.
class CudaAllocator {
 public:
  explicit CudaAllocator(Device device);

  /// Never null, 256-byte aligned; zero bytes are allowed. Throws ResourceError, which says which
  /// layer groups hold the memory.
  std::byte* allocate(size_t bytes);
  /// bytes: as given to allocate.
  void free(std::byte* data, size_t bytes) noexcept;

  /// cache_misses: calls that needed more than the pool held.
  MemoryStats stats();
  void reset_peak();
  void release_cache();

 private:
  void check_guard(std::byte* data, size_t bytes) noexcept;
  size_t reserved_bytes();

  Device device_;
  std::mutex mutex_;
  MemoryStats stats_{};
  MemoryHolders holders_;
  std::unordered_set<const std::byte*> guarded_blocks_;
};

/// The GPU's allocator; never destroyed. Throws DeviceError when the GPU cannot be used.
CudaAllocator& cuda_allocator(Device device);

/// As set_guarded_memory in core/tensor/storage.h, for all GPUs.
void set_guarded_cuda_memory(bool guarded);

/// Copies bytes between the host and a GPU, or within a GPU; returns when the host may read the
/// destination and reuse the source.
void copy_bytes(std::byte* destination, Device to, const std::byte* source, Device from,
                size_t bytes);

}  // namespace denovo
