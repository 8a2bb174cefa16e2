// Who holds a device's memory: by the layer group (core/run/profile.h) that allocated it.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

namespace denovo {

/// Not thread-safe.
class MemoryHolders {
 public:
  /// group: lives as long as the program, as ProfileGroup's names do.
  void add(const void* block, size_t bytes, const char* group);
  void remove(const void* block);

  /// "box_head 2100 MiB, res2 410 MiB": the largest first, those below 1 MiB left out.
  std::string text() const;

 private:
  struct Block {
    size_t bytes;
    const char* group;
  };
  std::unordered_map<const void*, Block> blocks_;
};

}  // namespace denovo
