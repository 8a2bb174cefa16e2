// Size-bucketed cache of host memory. Fresh pages cost 0.5 ms/MB to fault in, more than most
// kernels need to fill them, so a freed block is kept and handed out again.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <vector>

#include "core/tensor/storage.h"

namespace denovo {

/// Thread-safe. Blocks are rounded up to buckets (eight per power of two, so at most 1/8 is
/// wasted).
class CpuAllocator {
 public:
  /// Never null, 64-byte aligned; zero bytes are allowed. Throws ResourceError.
  std::byte* allocate(size_t bytes);
  /// bytes: as given to allocate.
  void free(std::byte* data, size_t bytes) noexcept;

  MemoryStats stats();
  /// Sum of the sizes of all blocks that were ever asked for.
  uint64_t allocated_bytes();
  void reset_peak();
  void release_cache();
  void set_guarded(bool guarded);

 private:
  std::mutex mutex_;
  std::map<size_t, std::vector<std::byte*>> free_blocks_;  // by bucket size
  MemoryStats stats_{};
  uint64_t allocated_bytes_ = 0;
  bool guarded_ = false;
};

/// The process's allocator; never destroyed, so that tensors in static objects may outlive main.
CpuAllocator& cpu_allocator();

}  // namespace denovo
