// bf16 storage type: the upper half of an f32, rounded to nearest even. Arithmetic is done in f32.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/kernels/host_device.h"

namespace denovo {

struct bfloat16 {
  uint16_t bits;

  bfloat16() = default;
  DENOVO_HD explicit bfloat16(float value) {
#ifdef __CUDA_ARCH__
    // The same rounding in one instruction, which has a single NaN.
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
#else
    uint32_t word;
    memcpy(&word, &value, 4);
    // NaN keeps its sign and stays a NaN: rounding could carry it into infinity. Both values are
    // computed and one selected, so that loops over this vectorise.
    const uint32_t rounded = (word + 0x7fffu + ((word >> 16) & 1u)) >> 16;
    const uint32_t quiet_nan = (word >> 16) | 0x40u;
    bits = static_cast<uint16_t>((word & 0x7fffffffu) > 0x7f800000u ? quiet_nan : rounded);
#endif
  }
  DENOVO_HD explicit bfloat16(double value) : bfloat16(static_cast<float>(value)) {}
  DENOVO_HD operator float() const {
    const uint32_t word = static_cast<uint32_t>(bits) << 16;
    float value;
    memcpy(&value, &word, 4);
    return value;
  }
};

}  // namespace denovo
