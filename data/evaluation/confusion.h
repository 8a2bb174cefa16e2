// What a detector takes objects for, at one score and one IoU: for people, who cannot read mistakes
// from an average precision. The reference has no such table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "data/coco/dataset.h"
#include "data/coco/detection.h"

namespace denovo::data {

struct ConfusionRule {
  double min_score = 0.5, min_iou = 0.5;
};

/// Objects and detections with a score of at least min_score, by class. In each image detections
/// take objects in the order of their scores, each the free one of highest box IoU, if that is at
/// least min_iou: first those of its own class, and of what is then left those of any. A detection
/// of which min_iou lies in a crowd of its class, and that took nothing, is not counted; nor are
/// crowds. Row and column K stand for nothing: objects that no detection took, and detections that
/// took none.
struct Confusion {
  ConfusionRule rule;
  int num_categories = 0;       // K
  std::vector<int64_t> counts;  // [K + 1 classes of objects, K + 1 of detections]

  int none() const { return num_categories; }
  int64_t count(int object, int detection) const {
    return counts[static_cast<size_t>(object) * (num_categories + 1) + detection];
  }
  /// Objects of a class, or detections that were taken for one.
  int64_t objects(int category) const;
  int64_t detections(int category) const;
};

/// `images`: indices into ground_truth.images(); nullopt: all. Detections in other images, and of
/// unknown categories, are left out.
Confusion confuse(const CocoDataset& ground_truth, std::span<const Detection> detections,
                  const std::optional<std::vector<int>>& images, const ConfusionRule& rule = {});

}  // namespace denovo::data
