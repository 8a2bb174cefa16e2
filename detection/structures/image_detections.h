// What a detector found, in the pixels of the original images.
#pragma once

#include <optional>
#include <vector>

#include "core/raster/rle.h"
#include "data/coco/detection.h"

namespace denovo::detection {

/// The detections of one image, descending by score, with the storage of their masks and keypoints:
/// it moves, and a copy would point into the original.
struct ImageDetections {
  ImageDetections() = default;
  ImageDetections(ImageDetections&&) = default;
  ImageDetections& operator=(ImageDetections&&) = default;

  int64_t image_id = 0;
  int height = 0, width = 0;                // of the original image
  std::vector<data::Detection> detections;  // category_id is the data set's id
  std::vector<int> classes;                 // contiguous class of each
  std::vector<Rle> masks;                   // empty without a mask head; detections point into it
  std::vector<double> keypoints;            // the same of a keypoint head
};

/// The id in a data set of each class of a model; nullopt: it has no such category.
using CategoryIds = std::vector<std::optional<int64_t>>;

}  // namespace denovo::detection
