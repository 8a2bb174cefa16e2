// Division of 32-bit indices by a number that is known at launch: a multiplication and a shift on
// the GPU, where a division takes some twenty instructions and one of 64 bits four times as many.
#pragma once

#include <cstdint>
#include <string>

#include "core/error.h"
#include "core/kernels/host_device.h"

namespace denovo {

/// n / divisor for 0 <= n < 2^31, exactly (Granlund and Montgomery, 1994). With 2^shift the
/// smallest power of two that is not below the divisor, and factor = floor(2^32 (2^shift - divisor)
/// / divisor) + 1, it is the high word of factor * n, plus n, shifted by shift.
class Divisor {
 public:
  Divisor() = default;
  /// Throws ShapeError when it is not in [1, 2^31).
  explicit Divisor(int64_t divisor) : divisor_(static_cast<uint32_t>(divisor)) {
    if (divisor < 1 || divisor >= int64_t{1} << 31)
      throw ShapeError("divisor: must be in [1, 2^31), got " + std::to_string(divisor));
    while ((uint64_t{1} << shift_) < divisor_) ++shift_;
    factor_ = static_cast<uint32_t>(
        ((uint64_t{1} << 32) * ((uint64_t{1} << shift_) - divisor_)) / divisor_ + 1);
  }
  DENOVO_HD uint32_t value() const { return divisor_; }
  DENOVO_HD uint32_t quotient(uint32_t n) const {
#ifdef __CUDA_ARCH__
    const uint32_t high = __umulhi(factor_, n);
#else
    const auto high = static_cast<uint32_t>((uint64_t{factor_} * n) >> 32);
#endif
    return (high + n) >> shift_;  // below 2^32, since n and high are below 2^31
  }
  /// Quotient, and the remainder in n.
  DENOVO_HD uint32_t divide(uint32_t& n) const {
    const uint32_t q = quotient(n);
    n -= q * divisor_;
    return q;
  }

 private:
  uint32_t divisor_ = 1, factor_ = 1, shift_ = 0;
};

}  // namespace denovo
