#pragma once

#include <cstdint>

#include "core/kernels/host_device.h"

namespace denovo::ops {

/// Key and index in one number, so that comparing numbers breaks ties by index.
DENOVO_HD uint64_t ranked(uint32_t key, int64_t index) {
  return uint64_t{key} << 32 | static_cast<uint32_t>(index);
}

}  // namespace denovo::ops
