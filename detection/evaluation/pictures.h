// Pictures of predictions beside the ground truth.
#pragma once

#include <span>
#include <string>

#include "data/coco/image_files.h"
#include "detection/structures/image_detections.h"

namespace denovo::detection {

/// Writes directory/ITERATION_<image>.png (picture_names.h) for up to `count` images spread evenly
/// over those given: ground truth on the left, detections with scores of at least 0.5 on the right.
void write_pictures(const std::string& directory, int64_t iteration, const data::ImageFiles& files,
                    std::span<const ImageDetections> images, int count);

}  // namespace denovo::detection
