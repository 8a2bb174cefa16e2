// What the machine can do: the yardstick of a step's convolutions.
#pragma once

#include "core/device.h"

namespace denovo::bench {

/// FLOP/s of the fastest of a few large f32 matrix products of ops::linear, best of runs that last
/// at least seconds in all. Another program on the machine lowers it: measure when it is idle.
double matmul_peak(Device device, double seconds = 1);

}  // namespace denovo::bench
