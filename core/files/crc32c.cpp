#include "core/files/crc32c.h"

#include <nmmintrin.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/files/file.h"

namespace denovo {

// The instruction of SSE 4.2, which every machine that we build for has.
uint32_t crc32c(const void* data, size_t size, uint32_t crc) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  uint64_t state = ~crc;
  for (; size >= 8; size -= 8, bytes += 8) {
    uint64_t word;
    std::memcpy(&word, bytes, 8);
    state = _mm_crc32_u64(state, word);
  }
  auto narrow = static_cast<uint32_t>(state);
  for (; size > 0; --size) narrow = _mm_crc32_u8(narrow, *bytes++);
  return ~narrow;
}

uint32_t crc32c_of_file(const std::string& path) {
  constexpr int64_t kBlockBytes = 1 << 20;
  const FileReader file(path);
  std::vector<char> block(kBlockBytes);
  uint32_t crc = 0;
  for (int64_t offset = 0; offset < file.size(); offset += kBlockBytes) {
    const int64_t bytes = std::min(kBlockBytes, file.size() - offset);
    file.read_at(offset, block.data(), bytes);
    crc = crc32c(block.data(), bytes, crc);
  }
  return crc;
}

}  // namespace denovo
