#include "data/evaluation/coco_evaluation.h"

#include <fmt/format.h>

#include "data/coco/match_categories.h"
#include "data/evaluation/cell_curves.h"
#include "data/evaluation/numpy_sums.h"

namespace denovo::data {
namespace {

class Accumulator {
 public:
  Accumulator(const Matching& matching, int num_categories)
      : matching_(matching), num_categories_(num_categories) {
    const size_t num_recalls = size_t{kNumIouThresholds} * num_categories * kNumAreas * kNumLimits;
    curves_.num_categories = num_categories;
    curves_.recall.assign(num_recalls, -1);
    curves_.precision.assign(num_recalls * kNumRecallPoints, -1);
    curves_.scores.assign(num_recalls * kNumRecallPoints, -1);
  }

  EvaluationCurves run() {
    std::vector<std::vector<int>> orders(num_categories_);
#pragma omp parallel for schedule(dynamic)
    for (int k = 0; k < num_categories_; ++k) orders[k] = score_order(matching_.detections_of(k));
    const int num_tasks = num_categories_ * kNumAreas * kNumLimits;
#pragma omp parallel
    {
      CellTracer tracer;
#pragma omp for schedule(dynamic)
      for (int task = 0; task < num_tasks; ++task) {
        const int k = task / (kNumAreas * kNumLimits);
        accumulate(tracer, k, task / kNumLimits % kNumAreas, task % kNumLimits, orders[k]);
      }
    }
    return std::move(curves_);
  }

 private:
  void accumulate(CellTracer& tracer, int k, int area, int m, std::span<const int> order) {
    const int64_t num_positives = matching_.num_positives[k][area];
    if (num_positives == 0) return;
    const CellCurves& cell =
        tracer.trace(matching_.detections_of(k), order, num_positives, area, kDetectionLimits[m]);
    const size_t column = (size_t(k) * kNumAreas + area) * kNumLimits + m;
    const size_t columns = size_t(num_categories_) * kNumAreas * kNumLimits;
    for (int t = 0; t < kNumIouThresholds; ++t) {
      curves_.recall[t * columns + column] = cell.recall[t];
      for (int r = 0; r < kNumRecallPoints; ++r) {
        const size_t place = (size_t(t) * kNumRecallPoints + r) * columns + column;
        curves_.precision[place] = cell.precision[t][r];
        curves_.scores[place] = cell.scores[t][r];
      }
    }
  }

  const Matching& matching_;
  const int num_categories_;
  EvaluationCurves curves_;
};

/// Mean of the defined cells of `values` [outer, K, A, M] at one area and limit, in C order.
double mean_of(std::span<const double> values, int num_categories, int area, int m,
               int only_category = -1) {
  std::vector<double> defined;
  const size_t stride = size_t{kNumAreas} * kNumLimits;
  const size_t rows = num_categories == 0 ? 0 : values.size() / stride;
  for (size_t row = 0; row < rows; ++row) {
    if (only_category >= 0 && row % num_categories != static_cast<size_t>(only_category)) continue;
    const double value = values[row * stride + size_t(area) * kNumLimits + m];
    if (value > -1) defined.push_back(value);
  }
  return numpy_mean(defined);
}

CocoStats summarize(const EvaluationCurves& curves) {
  enum { kAll, kSmall, kMedium, kLarge };
  enum { kOne, kTen, kHundred };
  const int k = curves.num_categories;
  const std::span<const double> precision(curves.precision), recall(curves.recall);
  const auto at_threshold = [&](int t) {
    const size_t size = precision.size() / kNumIouThresholds;
    return precision.subspan(t * size, size);
  };
  CocoStats stats;
  stats.AP = mean_of(precision, k, kAll, kHundred);
  stats.AP50 = mean_of(at_threshold(0), k, kAll, kHundred);
  stats.AP75 = mean_of(at_threshold(5), k, kAll, kHundred);
  stats.APs = mean_of(precision, k, kSmall, kHundred);
  stats.APm = mean_of(precision, k, kMedium, kHundred);
  stats.APl = mean_of(precision, k, kLarge, kHundred);
  stats.AR1 = mean_of(recall, k, kAll, kOne);
  stats.AR10 = mean_of(recall, k, kAll, kTen);
  stats.AR100 = mean_of(recall, k, kAll, kHundred);
  stats.ARs = mean_of(recall, k, kSmall, kHundred);
  stats.ARm = mean_of(recall, k, kMedium, kHundred);
  stats.ARl = mean_of(recall, k, kLarge, kHundred);
  return stats;
}

std::vector<CategoryPrecision> precision_per_category(const CocoDataset& dataset,
                                                      const EvaluationCurves& curves) {
  const std::vector<std::string> names = distinct_names(dataset.categories());
  std::vector<CategoryPrecision> table;
  for (int k = 0; k < curves.num_categories; ++k)
    table.push_back({names[static_cast<size_t>(k)],
                     mean_of(curves.precision, curves.num_categories, 0, kNumLimits - 1, k)});
  return table;
}

}  // namespace

std::string_view iou_type_name(IouType type) {
  return type == IouType::kBbox ? "bbox" : "segm";
}

std::string EvaluationOptions::place_of_detection(int64_t i) const {
  return results_file.empty() ? fmt::format("results[{}]", i)
                              : fmt::format("{}: result[{}]", results_file, i);
}

EvaluationResult evaluate_coco(const CocoDataset& ground_truth,
                               std::span<const Detection> detections, IouType iou_type,
                               const EvaluationOptions& options) {
  Matching matching = match_detections(ground_truth, detections, iou_type, options);
  EvaluationResult result;
  result.iou_type = iou_type;
  result.curves = Accumulator(matching, ground_truth.num_classes()).run();
  result.stats = summarize(result.curves);
  result.per_category = precision_per_category(ground_truth, result.curves);
  result.warnings = std::move(matching.warnings);
  return result;
}

std::string summary_text(const CocoStats& stats) {
  struct Line {
    bool precision;
    const char *iou, *area;
    int limit;
  };
  static constexpr Line kLines[] = {
      {true, "0.50:0.95", "all", 100},     {true, "0.50", "all", 100},
      {true, "0.75", "all", 100},          {true, "0.50:0.95", "small", 100},
      {true, "0.50:0.95", "medium", 100},  {true, "0.50:0.95", "large", 100},
      {false, "0.50:0.95", "all", 1},      {false, "0.50:0.95", "all", 10},
      {false, "0.50:0.95", "all", 100},    {false, "0.50:0.95", "small", 100},
      {false, "0.50:0.95", "medium", 100}, {false, "0.50:0.95", "large", 100}};
  const std::array<double, 12> values = stats.values();
  std::string text;
  for (size_t i = 0; i < values.size(); ++i) {
    const Line& line = kLines[i];
    text +=
        fmt::format(" {:<18} {} @[ IoU={:<9} | area={:>6s} | maxDets={:>3d} ] = {:0.3f}\n",
                    line.precision ? "Average Precision" : "Average Recall",
                    line.precision ? "(AP)" : "(AR)", line.iou, line.area, line.limit, values[i]);
  }
  return text;
}

}  // namespace denovo::data
