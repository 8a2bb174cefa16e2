// The random evaluation cases of tests/oracles/coco_cases.py, drawn by the same formula.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/raster/rle.h"
#include "data/coco/detection.h"

namespace denovo::testing {

struct RandomCase {
  std::string ground_truth;  // text of a COCO file
  std::vector<data::Detection> detections;
  std::vector<Rle> masks;  // of the detections
};

RandomCase draw_case(int index);

/// The oracle's digest of an array of doubles.
uint64_t digest(const double* values, size_t n);

}  // namespace denovo::testing
