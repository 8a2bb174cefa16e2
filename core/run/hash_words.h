#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace denovo {

/// Hash of a plain key that consists of int64_t throughout, so that it has no padding.
struct HashWords {
  template <class Key>
  size_t operator()(const Key& key) const {
    static_assert(std::is_trivially_copyable_v<Key> && sizeof(Key) % sizeof(int64_t) == 0);
    int64_t words[sizeof(Key) / sizeof(int64_t)];
    std::memcpy(words, &key, sizeof words);
    uint64_t hash = 1469598103934665603ull;  // FNV-1a over words
    for (const int64_t word : words) hash = (hash ^ static_cast<uint64_t>(word)) * 1099511628211ull;
    return hash;
  }
};

}  // namespace denovo
