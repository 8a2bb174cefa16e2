// Second half of the evaluation, for one category, area range and limit: precision at the recall
// points, from the matches in the order of their scores.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "data/evaluation/matching.h"

namespace denovo::data {

/// [T, R] and [T] of one cell; undefined where the cell has no positives.
struct CellCurves {
  std::array<std::array<double, kNumRecallPoints>, kNumIouThresholds> precision, scores;
  std::array<double, kNumIouThresholds> recall;
};

/// Indices by descending score, ties in the given order, NaN last: the order in which the
/// reference adds up the detections of a category.
std::vector<int> score_order(std::span<const MatchedDetection> detections);

/// Computes cells one after the other; one per thread.
class CellTracer {
 public:
  CellTracer();

  /// Curves of the detections of one category, valid until the next call. copies[i] = how many
  /// times image i is in the data set, its objects (num_positives counts them all) and its
  /// detections; empty: once each. Copies of a detection follow each other.
  const CellCurves& trace(std::span<const MatchedDetection> detections, std::span<const int> order,
                          int64_t num_positives, int area, int limit,
                          std::span<const int> copies = {});

 private:
  /// A true positive: the only places where recall grows, hence all that a curve needs.
  struct Point {
    double precision, score;
  };

  void collect(std::span<const MatchedDetection> detections, std::span<const int> order, int area,
               int limit, std::span<const int> copies);
  void interpolate(int t, int64_t num_positives);

  const std::vector<double> recall_points_;
  std::array<std::vector<Point>, kNumIouThresholds> points_;
  bool any_detection_ = false;
  double first_score_ = 0;
  CellCurves curves_;
};

}  // namespace denovo::data
