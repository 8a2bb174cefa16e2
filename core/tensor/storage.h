// Reference-counted memory of tensors, and the accounting of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/tensor/device.h"

namespace denovo {

/// A block of device memory, 64-byte aligned, uninitialised. Freed to the device's cache when the
/// last owner goes. Not copyable; shared by std::shared_ptr.
class Storage {
 public:
  /// Throws ResourceError when the device has no memory left.
  static std::shared_ptr<Storage> allocate(size_t bytes, Device device);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  Device device() const { return device_; }

 private:
  Storage(std::byte* data, size_t bytes, Device device)
      : data_(data), bytes_(bytes), device_(device) {}
  std::byte* data_;
  size_t bytes_;
  Device device_;
};

struct MemoryStats {
  size_t in_use_bytes;    // held by live tensors
  size_t peak_bytes;      // largest in_use_bytes since the last reset
  size_t reserved_bytes;  // taken from the system, cache included
  uint64_t allocations;   // calls so far
  uint64_t cache_misses;  // calls that had to ask the system
};

MemoryStats memory_stats(Device device);
void reset_peak_memory(Device device);
/// Gives cached blocks back to the system.
void release_cached_memory(Device device);

/// Bytes that the calling thread has allocated less those that it has freed, on all devices.
int64_t thread_memory_balance();

/// Test mode: fresh storage is filled with 0xFF (NaN in every floating type) and followed by guard
/// bytes that are checked when it is freed, so an unwritten output or an overrun shows at once.
void set_guarded_memory(bool guarded);

}  // namespace denovo
