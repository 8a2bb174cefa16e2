// GPU tests: built wherever CUDA is, run where a GPU is, and counted everywhere.
#pragma once

#include <optional>
#include <string>

#include "core/tensor/device.h"

namespace denovo::testing {

/// cuda:0, if this machine has it. If not, the running test counts as skipped: the program says at
/// its end how many were and why, and under DENOVO_REQUIRE_GPU=1 such a test fails.
std::optional<Device> gpu_or_skip();

/// One line for the end of the program; empty when no GPU test was skipped.
std::string skipped_gpu_tests();

}  // namespace denovo::testing
