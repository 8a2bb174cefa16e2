// How many elements may be moved at once.
#pragma once

#include <cstdint>

namespace denovo {

/// The largest power of two up to `most` that divides `multiple` (0: any does) and at whose
/// vectors, of 16 bytes at most, all pointers are aligned.
template <class... T>
int common_vector(int64_t most, int64_t multiple, const T*... pointers) {
  int64_t vector = 1;
  const auto aligned = [](const auto* p, int64_t count) {
    const auto bytes = static_cast<uintptr_t>(count) * sizeof(*p);
    return reinterpret_cast<uintptr_t>(p) % (bytes < 16 ? bytes : 16) == 0;
  };
  while (2 * vector <= most && multiple % (2 * vector) == 0 &&
         (aligned(pointers, 2 * vector) && ...))
    vector *= 2;
  return static_cast<int>(vector);
}

}  // namespace denovo
