// What tests share with the scripts in tests/oracles: the same pseudo-random numbers, and digests
// of what was made from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace denovo::testing {

/// SplitMix64, as tests/oracles/draw.py has it.
class Draw {
 public:
  explicit Draw(uint64_t seed) : state_(seed) {}

  /// A number in 0 … n - 1.
  template <typename Integer>
  Integer below(Integer n) {
    state_ += 0x9E3779B97F4A7C15ull;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return static_cast<Integer>(((z ^ (z >> 31)) >> 33) % static_cast<uint64_t>(n));
  }

 private:
  uint64_t state_;
};

/// zlib.crc32 of `size` bytes, continuing from the checksum `crc` of the bytes before them.
inline uint32_t crc32(const void* data, size_t size, uint32_t crc = 0) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  crc = ~crc;
  for (size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

inline uint32_t crc32(const std::vector<uint8_t>& bytes) {
  return crc32(bytes.data(), bytes.size());
}

}  // namespace denovo::testing
