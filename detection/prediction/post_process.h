// From network output to detections in the pixels of the original images.
#pragma once

#include <vector>

#include "detection/roi_heads/roi_heads.h"
#include "detection/structures/image_detections.h"

namespace denovo::detection {

/// Scales boxes and keypoints to the original size, clips boxes, drops those that became empty, and
/// pastes masks. Keypoints become indices of pixels, as in annotations (data/coco/dataset.h).
///
///   detections      of N images, on any device
///   image_sizes     i32 [N, 2] valid height and width of the network input
///   original_sizes  i32 [N, 2]
///   image_ids       i64 [N]
///   category_ids    the data set's id of each class; detections of classes without are left out
///   config          how masks are pasted, and where in a pixel keypoints are
std::vector<ImageDetections> post_process(const Detections& detections, const Tensor& image_sizes,
                                          const Tensor& original_sizes, const Tensor& image_ids,
                                          const CategoryIds& category_ids,
                                          const ModelConfig& config);

}  // namespace denovo::detection
