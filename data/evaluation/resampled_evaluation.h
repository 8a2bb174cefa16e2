// AP on data sets that hold each image of a given one any number of times, matched only once.
#pragma once

#include <span>
#include <vector>

#include "data/evaluation/matching.h"

namespace denovo::data {

/// What an image's detections match does not depend on the other images, so that only the second
/// half of the evaluation is repeated.
class ResampledEvaluation {
 public:
  /// Matches as evaluate_coco does, and throws what it throws.
  ResampledEvaluation(const CocoDataset& ground_truth, std::span<const Detection> detections,
                      IouType iou_type, const EvaluationOptions& options = {});

  /// CocoStats::AP of the data set in which image i (index into CocoDataset::images) stands
  /// copies[i] times, each time under another id with the same objects and detections: a fraction,
  /// or -1 where nothing is defined. With one copy of each it is evaluate_coco's to the last bit;
  /// with more, too, unless detections of one category have equal scores: here a detection's copies
  /// follow it, there an image's follow the image. Works on one thread; may be called by several.
  double ap(std::span<const int> copies) const;

 private:
  Matching matching_;
  int limit_;                             // on detections per image and category
  std::vector<std::vector<int>> orders_;  // per category
};

}  // namespace denovo::data
