// V neighbouring channels as one value: loads and stores of 16 bytes on the GPU, scalars (which the
// compiler vectorises over) on the CPU. Values are held in the compute type.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/kernels/host_device.h"
#include "core/tensor/dtype.h"

namespace denovo {

/// max(x, 0); NaN stays NaN.
template <class A>
DENOVO_HD A relu_of(A x) {
  return x < 0 ? A(0) : x;  // this order keeps NaN
}

template <class T, int V>
struct Pack {
  Compute<T> v[V];

  DENOVO_HD static Pack load(const T* p) {
    Pack pack;
    if constexpr (V == 1) {
      pack.v[0] = static_cast<Compute<T>>(*p);
    } else if constexpr (kPairs) {
      const auto raw = *reinterpret_cast<const Raw<uint32_t, V / 2>*>(p);
      for (int i = 0; i < V / 2; ++i) split(raw.v[i], pack.v[2 * i], pack.v[2 * i + 1]);
    } else {
      const auto raw = *reinterpret_cast<const Raw<T, V>*>(p);
      for (int i = 0; i < V; ++i) pack.v[i] = static_cast<Compute<T>>(raw.v[i]);
    }
    return pack;
  }
  DENOVO_HD static Pack fill(Compute<T> value) {
    Pack pack;
    for (int i = 0; i < V; ++i) pack.v[i] = value;
    return pack;
  }
  /// kRelu: of max(v, 0).
  template <bool kRelu = false>
  DENOVO_HD void store(T* p) const {
    if constexpr (V == 1) {
      *p = rounded<kRelu>(v[0]);
    } else if constexpr (kPairs) {
      store_pairs<kRelu>(p);
    } else {
      Raw<T, V> raw;
      for (int i = 0; i < V; ++i) raw.v[i] = rounded<kRelu>(v[i]);
      put(p, raw);
    }
  }

 private:
  template <bool kRelu>
  DENOVO_HD static T rounded(Compute<T> value) {
    if constexpr (kRelu) return static_cast<T>(relu_of(value));
    return static_cast<T>(value);
  }

  /// What one load or store moves; more than 16 bytes are moved by several.
  template <class R, int kCount>
  struct alignas(sizeof(R) * kCount < 16 ? sizeof(R) * kCount : 16) Raw {
    R v[kCount];
  };

  /// On the GPU two bf16 are one word: an instruction each to read them, one to round both.
#ifdef __CUDA_ARCH__
  static constexpr bool kPairs = std::is_same_v<T, bfloat16> && V % 2 == 0;
#else
  static constexpr bool kPairs = false;
#endif
#ifdef __CUDACC__
  __device__ static void split(uint32_t word, float& low, float& high) {
    low = __uint_as_float(word << 16);
    high = __uint_as_float(word & 0xffff0000u);
  }
  template <bool kRelu>
  __device__ static uint32_t join(float low, float high) {
    uint32_t word;
    if constexpr (kRelu) {
      asm("cvt.rn.relu.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
    } else {
      asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
    }
    return word;
  }
  template <bool kRelu>
  __device__ void store_pairs(T* p) const {
    Raw<uint32_t, V / 2> raw;
    for (int i = 0; i < V / 2; ++i) raw.v[i] = join<kRelu>(v[2 * i], v[2 * i + 1]);
    put(p, raw);
  }
#endif
  /// The GPU's compiler takes structs apart and does not always find back to wide stores.
  template <class R>
  DENOVO_HD static void put(T* p, const R& raw) {
#ifdef __CUDA_ARCH__
    if constexpr (sizeof(R) % 16 == 0) {
      uint4 words[sizeof(R) / 16];
      memcpy(words, &raw, sizeof(R));
      for (int i = 0; i < static_cast<int>(sizeof(R) / 16); ++i)
        reinterpret_cast<uint4*>(p)[i] = words[i];
      return;
    } else if constexpr (sizeof(R) == 8) {
      uint2 word;
      memcpy(&word, &raw, sizeof(R));
      *reinterpret_cast<uint2*>(p) = word;
      return;
    }
#endif
    *reinterpret_cast<R*>(p) = raw;
  }
};

}  // namespace denovo
