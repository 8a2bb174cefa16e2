#include "data/evaluation/cell_curves.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/evaluation/numpy_sums.h"

namespace denovo::data {
namespace {

constexpr ThresholdBits kAllThresholds = (1 << kNumIouThresholds) - 1;
constexpr double kSpacing = std::numeric_limits<double>::epsilon();  // numpy.spacing(1)

}  // namespace

std::vector<int> score_order(std::span<const MatchedDetection> detections) {
  std::vector<int> order(detections.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    const double left = detections[a].score, right = detections[b].score;
    return left > right || (std::isnan(right) && !std::isnan(left));
  });
  return order;
}

CellTracer::CellTracer() : recall_points_(numpy_linspace(0, 1, kNumRecallPoints)) {}

const CellCurves& CellTracer::trace(std::span<const MatchedDetection> detections,
                                    std::span<const int> order, int64_t num_positives, int area,
                                    int limit, std::span<const int> copies) {
  collect(detections, order, area, limit, copies);
  for (int t = 0; t < kNumIouThresholds; ++t) interpolate(t, num_positives);
  return curves_;
}

void CellTracer::collect(std::span<const MatchedDetection> detections, std::span<const int> order,
                         int area, int limit, std::span<const int> copies) {
  for (std::vector<Point>& points : points_) points.clear();
  any_detection_ = false;
  std::array<int64_t, kNumIouThresholds> false_positives{};
  int64_t everywhere_false = 0;  // false positives at every threshold: the usual case
  for (const int index : order) {
    const MatchedDetection& d = detections[index];
    const int times = copies.empty() ? 1 : copies[d.image];
    if (d.rank >= limit || times == 0) continue;
    if (!any_detection_) first_score_ = d.score;
    any_detection_ = true;
    const ThresholdBits counted = kAllThresholds & ~d.ignored[area];
    const ThresholdBits right = counted & d.matched[area], wrong = counted & ~d.matched[area];
    if (wrong == kAllThresholds) {
      everywhere_false += times;
      continue;
    }
    for (int t = 0; t < kNumIouThresholds; ++t) {
      if (wrong >> t & 1) false_positives[t] += times;
      if (!(right >> t & 1)) continue;
      const auto fp = static_cast<double>(false_positives[t] + everywhere_false);
      for (int copy = 0; copy < times; ++copy) {
        const auto tp = static_cast<double>(points_[t].size() + 1);
        points_[t].push_back({tp / (fp + tp + kSpacing), d.score});
      }
    }
  }
}

void CellTracer::interpolate(int t, int64_t num_positives) {
  std::vector<Point>& points = points_[t];
  for (size_t i = points.size(); i-- > 1;)
    points[i - 1].precision = std::max(points[i - 1].precision, points[i].precision);
  const auto positives = static_cast<double>(num_positives);
  curves_.recall[t] = static_cast<double>(points.size()) / positives;
  size_t found = 0;  // true positives needed to reach the recall point
  for (int r = 0; r < kNumRecallPoints; ++r) {
    while (found <= points.size() && static_cast<double>(found) / positives < recall_points_[r])
      ++found;
    const bool reached = found <= points.size() && any_detection_;
    // Recall 0 is reached by the first detection, whatever it is.
    const size_t point = found == 0 ? 0 : found - 1;
    curves_.precision[t][r] = reached && !points.empty() ? points[point].precision : 0;
    curves_.scores[t][r] = !reached ? 0 : (found == 0 ? first_score_ : points[point].score);
  }
}

}  // namespace denovo::data
