// Products that are added, where the GPU need not have the CPU's last bit.
#pragma once

#include <type_traits>

#include "core/kernels/host_device.h"

namespace denovo {

/// a * b + c: rounded once on the GPU, twice on the CPU. Everywhere else nvcc is told not to fuse
/// (third_party/layers.cmake), so that boxes, matches and samples are equal to the last bit; this
/// is for activations and their sums, which are added in another order anyway.
template <class A>
DENOVO_HD A multiply_add(A a, A b, A c) {
#ifdef __CUDA_ARCH__
  if constexpr (std::is_same_v<A, float>) {
    return __fmaf_rn(a, b, c);
  } else {
    return __fma_rn(a, b, c);
  }
#else
  return a * b + c;
#endif
}

}  // namespace denovo
