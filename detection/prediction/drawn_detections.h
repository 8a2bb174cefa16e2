// Detections as data/drawing draws them.
#pragma once

#include <span>
#include <vector>

#include "data/coco/dataset.h"
#include "data/drawing/draw.h"
#include "detection/structures/image_detections.h"

namespace denovo::detection {

/// Detections with scores of at least min_score as they are drawn: labelled with name and score,
/// the best last, so that it lies on top. Colours go by the position of the category in the list.
std::vector<data::DrawnInstance> drawn_detections(const ImageDetections& image,
                                                  std::span<const data::CocoCategory> categories,
                                                  double min_score);

}  // namespace denovo::detection
