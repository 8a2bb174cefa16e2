// Pictures of predictions beside the ground truth.
#pragma once

#include <span>
#include <string>

#include "data/coco/dataset.h"
#include "detection/evaluation/post_process.h"

namespace denovo::detection {

/// Writes directory/ITERATION_<image>.png for up to `count` images spread evenly over those given:
/// ground truth on the left, detections with scores of at least 0.5 on the right.
void write_pictures(const std::string& directory, int64_t iteration,
                    const data::CocoDataset& dataset, const std::string& image_root,
                    std::span<const ImageDetections> images, int count);

}  // namespace denovo::detection
