// One detected object, as COCO results files hold it and as the evaluation takes it.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/raster/rle.h"

namespace denovo::data {

struct Detection {
  int64_t image_id = 0;
  int64_t category_id = 0;       // the data set's id, not the class index
  std::array<double, 4> bbox{};  // [x, y, width, height] in pixels of the original image
  double score = 0;
  // Owned by whoever made the detection; no counts: no mask, empty: no keypoints. These are x, y
  // and a score for each, x and y indices of pixels as in annotations (dataset.h).
  RleView mask = {};
  std::span<const double> keypoints = {};
};

}  // namespace denovo::data
