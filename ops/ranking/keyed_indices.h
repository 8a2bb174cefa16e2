// Indices with keys to sort them by: what top_k and nms give to the GPU's radix sort.
#pragma once

#include <bit>
#include <cstdint>

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// `count` keys of type K, each with its index, and as much room again. A sort is stable, looks at
/// the lowest `bits` of a key, and leaves its result at `keys` and `indices`.
template <class K>
struct KeyedIndices {
  Tensor storage;
  int64_t count;
  int bits;
  K *keys, *other_keys;
  uint32_t *indices, *other_indices;

  KeyedIndices(int64_t n, int key_bits, Device device)
      : storage(Tensor::empty({n * 2 * static_cast<int64_t>(sizeof(K) + sizeof(uint32_t))},
                              DType::kU8, device)),
        count(n),
        bits(key_bits),
        keys(reinterpret_cast<K*>(storage.raw())),
        other_keys(keys + n),
        indices(reinterpret_cast<uint32_t*>(other_keys + n)),
        other_indices(indices + n) {}
};

/// Bits that numbers in [0, n) take.
inline int bits_below(int64_t n) {
  return n > 1 ? std::bit_width(static_cast<uint64_t>(n - 1)) : 0;
}

}  // namespace denovo::ops
