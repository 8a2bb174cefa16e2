// What the GPU's radix sort does, by the standard library.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "ops/ranking/keyed_indices.h"

namespace denovo::testing {

template <class K>
void stable_sort_indices(ops::KeyedIndices<K>& items) {
  std::vector<int64_t> order(static_cast<size_t>(items.count));
  std::iota(order.begin(), order.end(), 0);
  const K mask = items.bits < static_cast<int>(8 * sizeof(K)) ? (K{1} << items.bits) - 1 : ~K{0};
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return (items.keys[a] & mask) < (items.keys[b] & mask);
  });
  for (int64_t i = 0; i < items.count; ++i) {
    items.other_keys[i] = items.keys[order[static_cast<size_t>(i)]];
    items.other_indices[i] = items.indices[order[static_cast<size_t>(i)]];
  }
  std::swap(items.keys, items.other_keys);
  std::swap(items.indices, items.other_indices);
}

}  // namespace denovo::testing
