// Inputs of device cases: many values that tie, at sizes that fill several blocks.
#pragma once

#include <cstdint>

#include "core/tensor/tensor.h"

namespace denovo::testing {

/// i32 in [low, high).
Tensor random_ints(const Shape& shape, uint64_t seed, int32_t low, int32_t high);

/// [slots, 4] f32 boxes of 1 to 80 pixels inside 0 to 400, on a grid of quarters so that overlaps
/// and scores tie.
Tensor random_boxes(const Shape& slots, uint64_t seed);

/// f32 in steps of 1/64, so that many tie.
Tensor coarse_scores(const Shape& shape, uint64_t seed);

}  // namespace denovo::testing
