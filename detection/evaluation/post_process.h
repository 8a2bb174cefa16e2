// From network output to detections in the pixels of the original images.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/raster/rle.h"
#include "data/coco/detection.h"
#include "detection/roi_heads/roi_heads.h"

namespace denovo::detection {

/// The detections of one image, descending by score, with the storage of their masks.
struct ImageDetections {
  int64_t image_id = 0;
  int height = 0, width = 0;                // of the original image
  std::vector<data::Detection> detections;  // category_id is the data set's id
  std::vector<int> classes;                 // contiguous class of each
  std::vector<Rle> masks;                   // empty without a mask head; detections point into it
};

/// The id in a data set of each class of a model; nullopt: it has no such category.
using CategoryIds = std::vector<std::optional<int64_t>>;

/// Scales boxes to the original size, clips them, drops what became empty, and pastes masks.
///
///   detections      of N images, on any device
///   image_sizes     i32 [N, 2] valid height and width of the network input
///   original_sizes  i32 [N, 2]
///   image_ids       i64 [N]
///   category_ids    the data set's id of each class; detections of classes without are left out
std::vector<ImageDetections> post_process(const Detections& detections, const Tensor& image_sizes,
                                          const Tensor& original_sizes, const Tensor& image_ids,
                                          const CategoryIds& category_ids,
                                          const std::string& mask_paste);

}  // namespace denovo::detection
