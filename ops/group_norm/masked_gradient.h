// The gradient of a fused ReLU, for CPU and CUDA.
#pragma once

#include "core/host_device.h"

namespace denovo::ops {

/// Where the ReLU mask of a backward pass comes from.
enum class ReluMask { kNone, kFromX, kFromY };

/// The gradient before the ReLU. The mask from x repeats the forward's arithmetic to the last bit.
template <ReluMask kMask, class A>
DENOVO_HD A masked_gradient(A grad_y, [[maybe_unused]] A y, [[maybe_unused]] A centred,
                            [[maybe_unused]] A scale, [[maybe_unused]] A bias) {
  if constexpr (kMask == ReluMask::kFromX) return centred * scale + bias > 0 ? grad_y : A(0);
  if constexpr (kMask == ReluMask::kFromY) return y > 0 ? grad_y : A(0);
  return grad_y;
}

}  // namespace denovo::ops
