#include "core/tensor/storage.h"

#include "core/cpu/cpu_allocator.h"
#include "core/cuda/cuda_allocator.h"

namespace denovo {
namespace {

/// f(allocator of the device), the CPU's or a GPU's: both have the same members.
template <class F>
decltype(auto) with_allocator(Device device, F&& f) {
  if constexpr (kHasCuda) {
    if (!device.is_cpu()) return f(cuda_allocator(device));
  } else {
    if (!device.is_cpu()) throw_no_cuda(device);
  }
  return f(cpu_allocator());
}

thread_local int64_t balance = 0;

}  // namespace

std::shared_ptr<Storage> Storage::allocate(size_t bytes, Device device) {
  std::byte* data =
      with_allocator(device, [&](auto& allocator) { return allocator.allocate(bytes); });
  balance += static_cast<int64_t>(bytes);
  return std::shared_ptr<Storage>(new Storage(data, bytes, device));
}

Storage::~Storage() {
  balance -= static_cast<int64_t>(bytes_);
  with_allocator(device_, [&](auto& allocator) { allocator.free(data_, bytes_); });
}

MemoryStats memory_stats(Device device) {
  return with_allocator(device, [](auto& allocator) { return allocator.stats(); });
}
void reset_peak_memory(Device device) {
  with_allocator(device, [](auto& allocator) { allocator.reset_peak(); });
}
void release_cached_memory(Device device) {
  with_allocator(device, [](auto& allocator) { allocator.release_cache(); });
}
int64_t thread_memory_balance() {
  return balance;
}
void set_guarded_memory(bool guarded) {
  cpu_allocator().set_guarded(guarded);
  if constexpr (kHasCuda) set_guarded_cuda_memory(guarded);
}

}  // namespace denovo
