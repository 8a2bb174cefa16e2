#include "core/storage.h"

#include "core/cpu/cpu_allocator.h"
#include "core/error.h"

namespace denovo {

std::shared_ptr<Storage> Storage::allocate(size_t bytes, Device device) {
  DENOVO_DCHECK(device.is_cpu());
  std::byte* data = cpu_allocator().allocate(bytes);
  return std::shared_ptr<Storage>(new Storage(data, bytes, device));
}

Storage::~Storage() {
  cpu_allocator().free(data_, bytes_);
}

MemoryStats memory_stats(Device) {
  return cpu_allocator().stats();
}
void reset_peak_memory(Device) {
  cpu_allocator().reset_peak();
}
void release_cached_memory(Device) {
  cpu_allocator().release_cache();
}
void set_guarded_memory(bool guarded) {
  cpu_allocator().set_guarded(guarded);
}

}  // namespace denovo
