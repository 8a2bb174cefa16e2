#pragma once

#include <cstdint>

#include "core/kernels/host_device.h"

namespace denovo::ops {

struct RowPredicate {
  int32_t low, high;
  bool inverted;
  DENOVO_HD bool operator()(int32_t value) const {
    return (value >= low && value < high) != inverted;
  }
};

}  // namespace denovo::ops
