// The logistic function, shared with the losses on it.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/kernels/host_device.h"

namespace denovo::ops {

/// 1 / (1 + exp(-x)) without overflow.
template <class C>
DENOVO_HD C sigmoid_value(C x) {
  const C e = std::exp(-std::abs(x));
  return (x < 0 ? e : C(1)) / (C(1) + e);
}

/// -log(sigmoid(x)) where target is true, -log(1 - sigmoid(x)) where it is not, without overflow or
/// cancellation.
template <class C>
DENOVO_HD C sigmoid_bce_value(C x, bool target) {
  const C margin = target ? x : -x;
  const C hinge = margin < 0 ? -margin : C(0);
  return hinge + std::log1p(std::exp(-std::abs(margin)));
}

}  // namespace denovo::ops
