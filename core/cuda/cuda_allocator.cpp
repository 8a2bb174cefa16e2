#include "core/cuda/cuda_allocator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "core/cuda/cuda_context.h"
#include "core/cuda/cuda_error.h"
#include "core/error.h"
#include "core/run/profile.h"

namespace denovo {
namespace {

constexpr size_t kGuardBytes = 64;
constexpr unsigned char kGuardValue = 0xA5;

std::atomic<bool> guards_memory{false};

cudaMemPool_t pool_of(Device device) {
  cudaMemPool_t pool = nullptr;
  check_cuda(cudaDeviceGetDefaultMemPool(&pool, device.index), "cudaDeviceGetDefaultMemPool");
  return pool;
}

}  // namespace

CudaAllocator::CudaAllocator(Device device) : device_(device) {
  cuda_context(device);  // throws when the GPU cannot be used
  uint64_t threshold = UINT64_MAX;
  check_cuda(cudaMemPoolSetAttribute(pool_of(device), cudaMemPoolAttrReleaseThreshold, &threshold),
             "cudaMemPoolSetAttribute");
}

std::byte* CudaAllocator::allocate(size_t bytes) {
  const cudaStream_t stream = cuda_context(device_).stream();
  const bool guarded = guards_memory;
  const size_t size = std::max<size_t>(bytes + (guarded ? kGuardBytes : 0), 1);
  void* data = nullptr;
  cudaError_t status = cudaMallocAsync(&data, size, stream);
  if (status == cudaErrorMemoryAllocation) {
    // The pool holds blocks of other sizes, and graphs what they need while they run: give both
    // back and try once more.
    cudaGetLastError();
    release_cache();
    check_cuda(cudaDeviceGraphMemTrim(device_.index), "cudaDeviceGraphMemTrim");
    status = cudaMallocAsync(&data, size, stream);
  }
  const std::lock_guard lock(mutex_);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    size_t free_bytes = 0, total_bytes = 0;
    cudaMemGetInfo(&free_bytes, &total_bytes);
    throw ResourceError(fmt::format(
        "{} memory: cannot allocate {} MiB for {} with {} MiB in use by tensors ({}), {} MiB of {} "
        "MiB free; lower the batch or the image size",
        to_string(device_), bytes >> 20, ProfileGroup::current(), stats_.in_use_bytes >> 20,
        holders_.text(), free_bytes >> 20, total_bytes >> 20));
  }
  check_cuda(status, "cudaMallocAsync");
  ++stats_.allocations;
  stats_.in_use_bytes += bytes;
  stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.in_use_bytes);
  if (stats_.in_use_bytes > stats_.reserved_bytes) {
    ++stats_.cache_misses;
    stats_.reserved_bytes = reserved_bytes();
  }
  auto* block = static_cast<std::byte*>(data);
  holders_.add(block, bytes, ProfileGroup::current());
  if (guarded) {
    guarded_blocks_.insert(block);
    check_cuda(cudaMemsetAsync(block, 0xFF, bytes, stream), "cudaMemsetAsync");
    check_cuda(cudaMemsetAsync(block + bytes, kGuardValue, kGuardBytes, stream), "cudaMemsetAsync");
  }
  return block;
}

void CudaAllocator::check_guard(std::byte* data, size_t bytes) noexcept {
  std::array<unsigned char, kGuardBytes> guard{};
  const cudaStream_t stream = cuda_context(device_).stream();
  const bool read = cudaMemcpyAsync(guard.data(), data + bytes, kGuardBytes, cudaMemcpyDeviceToHost,
                                    stream) == cudaSuccess &&
                    cudaStreamSynchronize(stream) == cudaSuccess;
  // After a fault nothing can be read; the fault itself is reported by the next call.
  if (!read) return;
  if (std::any_of(guard.begin(), guard.end(), [](unsigned char b) { return b != kGuardValue; })) {
    // Memory beyond a tensor was overwritten: nothing that this process computed can be trusted.
    std::fputs("cuda memory: a kernel wrote beyond the end of a tensor\n", stderr);
    std::abort();
  }
}

void CudaAllocator::free(std::byte* data, size_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  stats_.in_use_bytes -= bytes;
  holders_.remove(data);
  if (guarded_blocks_.erase(data) > 0) check_guard(data, bytes);
  // A failure here is a fault of an earlier kernel, or the runtime that shuts down at exit.
  cudaFreeAsync(data, cuda_context(device_).stream());
}

size_t CudaAllocator::reserved_bytes() {
  uint64_t reserved = 0;
  check_cuda(
      cudaMemPoolGetAttribute(pool_of(device_), cudaMemPoolAttrReservedMemCurrent, &reserved),
      "cudaMemPoolGetAttribute");
  return reserved;
}

MemoryStats CudaAllocator::stats() {
  const std::lock_guard lock(mutex_);
  stats_.reserved_bytes = reserved_bytes();
  return stats_;
}

void CudaAllocator::reset_peak() {
  const std::lock_guard lock(mutex_);
  stats_.peak_bytes = stats_.in_use_bytes;
}

void CudaAllocator::release_cache() {
  cuda_context(device_).synchronize();
  check_cuda(cudaMemPoolTrimTo(pool_of(device_), 0), "cudaMemPoolTrimTo");
}

CudaAllocator& cuda_allocator(Device device) {
  constexpr size_t kMaxGpus = 64;
  static std::mutex mutex;
  static std::array<CudaAllocator*, kMaxGpus> allocators{};
  cuda_context(device);  // refuses an index that does not exist
  const std::lock_guard lock(mutex);
  CudaAllocator*& allocator = allocators.at(static_cast<size_t>(device.index));
  if (!allocator) allocator = new CudaAllocator(device);
  return *allocator;
}

void set_guarded_cuda_memory(bool guarded) {
  guards_memory = guarded;
}

void copy_bytes(std::byte* destination, Device to, const std::byte* source, Device from,
                size_t bytes) {
  if (bytes == 0) return;
  CudaContext& ctx = cuda_context(to.is_cpu() ? from : to);
  const cudaMemcpyKind kind = to.is_cpu()     ? cudaMemcpyDeviceToHost
                              : from.is_cpu() ? cudaMemcpyHostToDevice
                                              : cudaMemcpyDeviceToDevice;
  check_cuda(cudaMemcpyAsync(destination, source, bytes, kind, ctx.stream()), "cudaMemcpyAsync");
  // Upwards too: where a GPU reads pageable memory itself, the call returns before it has.
  if (kind != cudaMemcpyDeviceToDevice) ctx.synchronize();
}

}  // namespace denovo
