#include "core/cpu/cpu_allocator.h"

#include <sys/mman.h>

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/error.h"

namespace denovo {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kGuardBytes = 64;
constexpr unsigned char kGuardValue = 0xA5;

size_t bucket_of(size_t bytes) {
  bytes += kGuardBytes;
  if (bytes <= 512) return 512;
  const size_t step = std::bit_floor(bytes - 1) / 8;
  return (bytes + step - 1) / step * step;
}

std::byte* system_allocate(size_t bucket) {
  const size_t alignment = bucket >= kHugePage ? kHugePage : kAlignment;
  void* data = std::aligned_alloc(alignment, (bucket + alignment - 1) / alignment * alignment);
  // Huge pages make the first touch of a large activation seven times cheaper; only a hint.
  if (data && bucket >= kHugePage) madvise(data, bucket, MADV_HUGEPAGE);
  return static_cast<std::byte*>(data);
}

}  // namespace

std::byte* CpuAllocator::allocate(size_t bytes) {
  const size_t bucket = bucket_of(bytes);
  std::byte* data = nullptr;
  bool guarded;
  {
    const std::lock_guard lock(mutex_);
    ++stats_.allocations;
    allocated_bytes_ += bytes;
    auto& blocks = free_blocks_[bucket];
    if (!blocks.empty()) {
      data = blocks.back();
      blocks.pop_back();
    } else {
      ++stats_.cache_misses;
      stats_.reserved_bytes += bucket;
    }
    stats_.in_use_bytes += bytes;
    if (stats_.in_use_bytes > stats_.peak_bytes) stats_.peak_bytes = stats_.in_use_bytes;
    guarded = guarded_;
  }
  if (!data) data = system_allocate(bucket);
  if (!data) {
    release_cache();
    data = system_allocate(bucket);
  }
  if (!data) {
    const std::lock_guard lock(mutex_);
    stats_.in_use_bytes -= bytes;
    stats_.reserved_bytes -= bucket;
    throw ResourceError("cpu memory: cannot allocate " + std::to_string(bytes >> 20) +
                        " MiB with " + std::to_string(stats_.in_use_bytes >> 20) +
                        " MiB in use; lower the batch or the image size");
  }
  if (guarded) std::memset(data, 0xFF, bytes);
  std::memset(data + bytes, kGuardValue, kGuardBytes);
  return data;
}

void CpuAllocator::free(std::byte* data, size_t bytes) noexcept {
  for (size_t i = 0; i < kGuardBytes; ++i) {
    if (static_cast<unsigned char>(data[bytes + i]) != kGuardValue) {
      // Memory beyond a tensor was overwritten: nothing that this process computed can be trusted.
      std::fputs("cpu memory: a kernel wrote beyond the end of a tensor\n", stderr);
      std::abort();
    }
  }
  const std::lock_guard lock(mutex_);
  stats_.in_use_bytes -= bytes;
  free_blocks_[bucket_of(bytes)].push_back(data);
}

MemoryStats CpuAllocator::stats() {
  const std::lock_guard lock(mutex_);
  return stats_;
}

uint64_t CpuAllocator::allocated_bytes() {
  const std::lock_guard lock(mutex_);
  return allocated_bytes_;
}

void CpuAllocator::reset_peak() {
  const std::lock_guard lock(mutex_);
  stats_.peak_bytes = stats_.in_use_bytes;
}

void CpuAllocator::release_cache() {
  const std::lock_guard lock(mutex_);
  for (auto& [bucket, blocks] : free_blocks_) {
    for (std::byte* block : blocks) std::free(block);
    stats_.reserved_bytes -= bucket * blocks.size();
    blocks.clear();
  }
}

void CpuAllocator::set_guarded(bool guarded) {
  const std::lock_guard lock(mutex_);
  guarded_ = guarded;
}

CpuAllocator& cpu_allocator() {
  static auto* allocator = new CpuAllocator;
  return *allocator;
}

}  // namespace denovo
