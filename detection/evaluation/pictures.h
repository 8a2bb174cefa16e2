// Pictures of predictions beside the ground truth.
#pragma once

#include <span>
#include <string>

#include "data/coco/image_files.h"
#include "data/drawing/draw.h"
#include "detection/evaluation/post_process.h"

namespace denovo::detection {

/// Detections with scores of at least min_score as they are drawn: labelled with name and score,
/// the best last, so that it lies on top. Colours go by the position of the category in the list.
std::vector<data::DrawnInstance> drawn_detections(const ImageDetections& image,
                                                  std::span<const data::CocoCategory> categories,
                                                  double min_score);

/// Writes directory/ITERATION_<image>.png (picture_names.h) for up to `count` images spread evenly
/// over those given: ground truth on the left, detections with scores of at least 0.5 on the right.
void write_pictures(const std::string& directory, int64_t iteration, const data::ImageFiles& files,
                    std::span<const ImageDetections> images, int count);

}  // namespace denovo::detection
