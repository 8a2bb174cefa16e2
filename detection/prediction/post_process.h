// From network output to detections in the pixels of the original images.
#pragma once

#include <vector>

#include "detection/roi_heads/roi_heads.h"
#include "detection/structures/image_detections.h"
#include "ops/mask_paste/mask_paste.h"

namespace denovo::detection {

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
                                          ops::MaskPaste mask_paste);

}  // namespace denovo::detection
