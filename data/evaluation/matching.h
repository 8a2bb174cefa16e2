// First half of the evaluation: which detections are matched, per image, category, area range and
// IoU threshold.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/evaluation/coco_evaluation.h"

namespace denovo::data {

/// Bit t = the t-th IoU threshold.
using ThresholdBits = uint16_t;

/// The reference's area ranges in square pixels, both ends inclusive.
inline constexpr double kAreaRanges[kNumAreas][2] = {
    {0, 1e10}, {0, 32. * 32}, {32. * 32, 96. * 96}, {96. * 96, 1e10}};

/// One of the detections of an image and category that count: at most as many as the last limit.
struct MatchedDetection {
  double score = 0;
  int image = 0;  // index into CocoDataset::images
  int rank = 0;   // by score within image and category
  std::array<ThresholdBits, kNumAreas> matched{}, ignored{};
};

/// Ground truths of one image and category that are not ignored.
struct ImagePositives {
  int category = 0, image = 0;
  std::array<int64_t, kNumAreas> count{};
};

struct Matching {
  /// Per category in image order, within an image by descending score.
  std::vector<MatchedDetection> detections;
  std::vector<int64_t> first_detection;   // K + 1 offsets
  std::vector<ImagePositives> positives;  // ascending category, then image; where there are any
  std::vector<std::array<int64_t, kNumAreas>> num_positives;  // K: their sums
  std::vector<std::string> warnings;

  std::span<const MatchedDetection> detections_of(int category) const {
    const int64_t first = first_detection[category];
    return std::span(detections).subspan(first, first_detection[category + 1] - first);
  }
};

/// See evaluate_coco.
Matching match_detections(const CocoDataset& ground_truth, std::span<const Detection> detections,
                          IouType iou_type, const EvaluationOptions& options);

}  // namespace denovo::data
