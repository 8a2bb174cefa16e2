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
/// Keypoints are drawn from a score of 0.05 on, as detectron2 does, with the category's skeleton.
std::vector<data::DrawnInstance> drawn_detections(const ImageDetections& image,
                                                  std::span<const data::CocoCategory> categories,
                                                  double min_score);

/// Adds keypoints x, y, v (or score) as in annotations, those whose last number exceeds min_last,
/// and the lines of the skeleton between them. Where there is a skeleton, what it does not join is
/// not the category's: left out.
void draw_keypoints(std::span<const double> keypoints, double min_last,
                    const data::CocoCategory& category, data::DrawnInstance& instance);

}  // namespace denovo::detection
