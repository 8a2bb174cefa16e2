#include "data/evaluation/resampled_evaluation.h"

#include "data/evaluation/cell_curves.h"
#include "data/evaluation/numpy_sums.h"

namespace denovo::data {

constexpr int kAll = 0;  // the area range of AP

ResampledEvaluation::ResampledEvaluation(const CocoDataset& ground_truth,
                                         std::span<const Detection> detections, IouType iou_type,
                                         const EvaluationOptions& options)
    : matching_(match_detections(ground_truth, detections, iou_type, options)),
      limit_(EvaluationAxes::of(iou_type).limits.back()) {
  for (int k = 0; k < ground_truth.num_classes(); ++k)
    orders_.push_back(score_order(matching_.detections_of(k)));
}

double ResampledEvaluation::ap(std::span<const int> copies) const {
  std::vector<int64_t> num_positives(orders_.size());
  for (const ImagePositives& positives : matching_.positives)
    num_positives[positives.category] += positives.count[kAll] * copies[positives.image];
  std::vector<int> defined;
  for (size_t k = 0; k < orders_.size(); ++k)
    if (num_positives[k] > 0) defined.push_back(static_cast<int>(k));
  // [T, R, K], the order in which the reference takes the mean.
  std::vector<double> precision(size_t{kNumIouThresholds} * kNumRecallPoints * defined.size());
  CellTracer tracer;
  for (size_t column = 0; column < defined.size(); ++column) {
    const int k = defined[column];
    const CellCurves& cell = tracer.trace(matching_.detections_of(k), orders_[k], num_positives[k],
                                          kAll, limit_, copies);
    double* place = precision.data() + column;
    for (const auto& row : cell.precision)
      for (const double value : row) {
        *place = value;
        place += defined.size();
      }
  }
  return numpy_mean(precision);
}

}  // namespace denovo::data
