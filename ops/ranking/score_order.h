// The order in which scores are ranked: descending, ties by ascending index, as plain integers, so
// that sorting and selecting need no comparison function and are the same on every device. This
// folder is what top_k and nms share: the order, its sort on the host, its sort on the GPU.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/kernels/host_device.h"
#include "core/tensor/dtype.h"

namespace denovo::ops {

/// A score and its index in one unsigned integer: key << 32 | index, ascending = ranked. f32 and
/// bf16 scores fit 64 bits, f64 scores need 128.
__extension__ typedef unsigned __int128 WideRank;
template <class T>
using Rank = std::conditional_t<sizeof(T) == 8, WideRank, uint64_t>;

/// NaN and infinities are not scores: the difference of a finite number with itself is zero.
template <class T>
DENOVO_HD bool is_finite(T value) {
  return value - value == 0;
}

DENOVO_HD uint32_t descending_key(float score) {
  score += 0.f;  // -0 ties with +0
  uint32_t bits;
  memcpy(&bits, &score, sizeof bits);
  return bits >> 31 ? bits : ~bits & 0x7fffffffu;
}

DENOVO_HD uint64_t descending_key(double score) {
  score += 0.0;
  uint64_t bits;
  memcpy(&bits, &score, sizeof bits);
  return bits >> 63 ? bits : ~bits & 0x7fffffffffffffffull;
}

template <class T>
DENOVO_HD Rank<T> rank_of(T score, uint32_t index) {
  return Rank<T>{descending_key(static_cast<Compute<T>>(score))} << 32 | index;
}

template <class R>
DENOVO_HD uint32_t index_of(R rank) {
  return static_cast<uint32_t>(rank);
}

/// Bits of a score's key.
template <class T>
inline constexpr int kScoreKeyBits = 8 * sizeof(Compute<T>);

/// Sorts scores of several groups at once: by group, then by rank; scores that are no candidates
/// come last in their group. A stable sort leaves ties in the order of their indices.
template <class T>
DENOVO_HD Rank<T> group_key(uint32_t group, T score, bool is_candidate) {
  using Key = decltype(descending_key(Compute<T>{}));
  const Key key = is_candidate ? descending_key(static_cast<Compute<T>>(score)) : ~Key{0};
  return Rank<T>{group} << kScoreKeyBits<T> | key;
}

/// Whether a key that group_key made is that of a candidate: no finite score has the last key.
template <class T>
DENOVO_HD bool is_candidate_key(Rank<T> key) {
  using Key = decltype(descending_key(Compute<T>{}));
  return static_cast<Key>(key) != ~Key{0};
}

}  // namespace denovo::ops
