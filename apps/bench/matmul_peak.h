// What the machine can do: the yardstick of a step's convolutions.
#pragma once

#include "core/tensor/device.h"
#include "core/tensor/dtype.h"

namespace denovo::bench {

/// FLOP/s of the fastest of a few large matrix products of ops::linear, best of runs that last
/// at least seconds in all. Another program on the machine lowers it: measure when it is idle.
double matmul_peak(Device device, DType dtype, double seconds = 1);

}  // namespace denovo::bench
