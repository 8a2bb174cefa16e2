#include "core/tensor/memory_holders.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

namespace denovo {

void MemoryHolders::add(const void* block, size_t bytes, const char* group) {
  blocks_[block] = {bytes, group};
}

void MemoryHolders::remove(const void* block) {
  blocks_.erase(block);
}

std::string MemoryHolders::text() const {
  std::map<std::string_view, size_t> by_group;
  for (const auto& [address, block] : blocks_) by_group[block.group] += block.bytes;
  std::vector<std::pair<size_t, std::string_view>> largest;
  for (const auto& [group, bytes] : by_group) largest.emplace_back(bytes, group);
  std::sort(largest.rbegin(), largest.rend());
  std::string text;
  for (const auto& [bytes, group] : largest) {
    if (bytes >> 20 == 0) continue;
    text += fmt::format("{}{} {} MiB", text.empty() ? "" : ", ", group, bytes >> 20);
  }
  return text;
}

}  // namespace denovo
