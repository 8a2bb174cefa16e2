#include "data/evaluation/coco_evaluation.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/files/base_name.h"
#include "data/coco/keypoints.h"
#include "data/coco/match_categories.h"
#include "data/evaluation/cell_curves.h"
#include "data/evaluation/numpy_sums.h"
#include "data/evaluation/oks.h"

namespace denovo::data {
namespace {

enum { kAll, kSmall, kMedium, kLarge };  // area ranges

class Accumulator {
 public:
  Accumulator(const Matching& matching, int num_categories, EvaluationAxes axes)
      : matching_(matching), num_categories_(num_categories), axes_(axes) {
    const size_t num_recalls = kNumIouThresholds * num_columns();
    curves_.num_categories = num_categories;
    curves_.num_areas = static_cast<int>(axes.areas.size());
    curves_.num_limits = static_cast<int>(axes.limits.size());
    curves_.recall.assign(num_recalls, -1);
    curves_.precision.assign(num_recalls * kNumRecallPoints, -1);
    curves_.scores.assign(num_recalls * kNumRecallPoints, -1);
  }

  EvaluationCurves run() {
    std::vector<std::vector<int>> orders(num_categories_);
#pragma omp parallel for schedule(dynamic)
    for (int k = 0; k < num_categories_; ++k) orders[k] = score_order(matching_.detections_of(k));
    const size_t per_category = axes_.areas.size() * axes_.limits.size(), columns = num_columns();
#pragma omp parallel
    {
      CellTracer tracer;
#pragma omp for schedule(dynamic)
      for (size_t column = 0; column < columns; ++column) {
        const size_t k = column / per_category, cell = column % per_category;
        accumulate(tracer, k, axes_.areas[cell / axes_.limits.size()],
                   axes_.limits[cell % axes_.limits.size()], orders[k], column);
      }
    }
    return std::move(curves_);
  }

 private:
  size_t num_columns() const {
    return static_cast<size_t>(num_categories_) * axes_.areas.size() * axes_.limits.size();
  }

  void accumulate(CellTracer& tracer, size_t k, int area, int limit, std::span<const int> order,
                  size_t column) {
    const int64_t num_positives = matching_.num_positives[k][static_cast<size_t>(area)];
    if (num_positives == 0) return;
    const CellCurves& cell = tracer.trace(matching_.detections_of(static_cast<int>(k)), order,
                                          num_positives, area, limit);
    const size_t columns = num_columns();
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
  const EvaluationAxes axes_;
  EvaluationCurves curves_;
};

/// Mean of the defined cells of `values` [outer, K, A, M] at one place of A and M, in C order.
double mean_of(std::span<const double> values, const EvaluationCurves& curves, size_t area,
               size_t limit, int only_category = -1) {
  std::vector<double> defined;
  const auto num_limits = static_cast<size_t>(curves.num_limits);
  const auto num_categories = static_cast<size_t>(curves.num_categories);
  const size_t stride = static_cast<size_t>(curves.num_areas) * num_limits;
  const size_t rows = num_categories == 0 ? 0 : values.size() / stride;
  for (size_t row = 0; row < rows; ++row) {
    if (only_category >= 0 && row % num_categories != static_cast<size_t>(only_category)) continue;
    const double value = values[row * stride + area * num_limits + limit];
    if (value > -1) defined.push_back(value);
  }
  return numpy_mean(defined);
}

/// The part of `values` [T, ...] that is of one threshold, or all of it.
std::span<const double> at_threshold(std::span<const double> values, int threshold) {
  if (threshold < 0) return values;
  const size_t size = values.size() / kNumIouThresholds;
  return values.subspan(static_cast<size_t>(threshold) * size, size);
}

double mean_of(std::span<const double> values, const EvaluationCurves& curves,
               const EvaluationCurves::Cells& cells) {
  return mean_of(at_threshold(values, cells.threshold), curves, static_cast<size_t>(cells.area),
                 static_cast<size_t>(curves.num_limits - 1), cells.category);
}

size_t place_in(std::span<const int> list, int value) {
  return static_cast<size_t>(std::find(list.begin(), list.end(), value) - list.begin());
}

CocoStats summarize(const EvaluationCurves& curves, IouType type) {
  const EvaluationAxes axes = EvaluationAxes::of(type);
  CocoStats stats;
  for (const CocoNumber& number : CocoNumber::of(type)) {
    stats.*number.value =
        mean_of(at_threshold(number.precision ? curves.precision : curves.recall, number.threshold),
                curves, place_in(axes.areas, number.area), place_in(axes.limits, number.limit));
  }
  return stats;
}

std::vector<CategoryPrecision> precision_per_category(const CocoDataset& dataset,
                                                      const EvaluationCurves& curves,
                                                      const Matching& matching) {
  const std::vector<std::string> names = distinct_names(dataset.categories());
  std::vector<CategoryPrecision> table;
  for (int k = 0; k < curves.num_categories; ++k)
    table.push_back({names[static_cast<size_t>(k)], curves.mean_precision({.category = k}),
                     matching.num_positives[static_cast<size_t>(k)]});
  return table;
}

}  // namespace

std::string_view iou_type_name(IouType type) {
  switch (type) {
    case IouType::kSegm:
      return "segm";
    case IouType::kKeypoints:
      return "keypoints";
    default:
      return "bbox";
  }
}

EvaluationAxes EvaluationAxes::of(IouType type) {
  static constexpr int kAreas[] = {kAll, kSmall, kMedium, kLarge}, kLimits[] = {1, 10, 100};
  static constexpr int kKeypointAreas[] = {kAll, kMedium, kLarge}, kKeypointLimits[] = {20};
  if (type == IouType::kKeypoints) return {kKeypointAreas, kKeypointLimits};
  return {kAreas, kLimits};
}

std::span<const CocoNumber> CocoNumber::of(IouType type) {
  using S = CocoStats;
  // Thresholds 0 and 5 are 0.5 and 0.75.
  static constexpr CocoNumber kNumbers[] = {
      {"AP", &S::AP, true, -1, kAll, 100},        {"AP50", &S::AP50, true, 0, kAll, 100},
      {"AP75", &S::AP75, true, 5, kAll, 100},     {"APs", &S::APs, true, -1, kSmall, 100},
      {"APm", &S::APm, true, -1, kMedium, 100},   {"APl", &S::APl, true, -1, kLarge, 100},
      {"AR1", &S::AR1, false, -1, kAll, 1},       {"AR10", &S::AR10, false, -1, kAll, 10},
      {"AR100", &S::AR100, false, -1, kAll, 100}, {"ARs", &S::ARs, false, -1, kSmall, 100},
      {"ARm", &S::ARm, false, -1, kMedium, 100},  {"ARl", &S::ARl, false, -1, kLarge, 100}};
  static constexpr CocoNumber kOfKeypoints[] = {
      {"AP", &S::AP, true, -1, kAll, 20},       {"AP50", &S::AP50, true, 0, kAll, 20},
      {"AP75", &S::AP75, true, 5, kAll, 20},    {"APm", &S::APm, true, -1, kMedium, 20},
      {"APl", &S::APl, true, -1, kLarge, 20},   {"AR", &S::AR, false, -1, kAll, 20},
      {"AR50", &S::AR50, false, 0, kAll, 20},   {"AR75", &S::AR75, false, 5, kAll, 20},
      {"ARm", &S::ARm, false, -1, kMedium, 20}, {"ARl", &S::ARl, false, -1, kLarge, 20}};
  if (type == IouType::kKeypoints) return kOfKeypoints;
  return kNumbers;
}

double EvaluationCurves::mean_precision(const Cells& cells) const {
  return mean_of(precision, *this, cells);
}

double EvaluationCurves::mean_recall(const Cells& cells) const {
  return mean_of(recall, *this, cells);
}

std::vector<double> EvaluationCurves::precision_at_recalls(const Cells& cells) const {
  const size_t row = precision.size() / (kNumIouThresholds * kNumRecallPoints);
  std::vector<double> result;
  for (size_t r = 0; r < kNumRecallPoints; ++r) {
    std::vector<double> at_point;  // [T, K, A, M]
    for (size_t t = 0; t < kNumIouThresholds; ++t) {
      const auto first =
          precision.begin() + static_cast<ptrdiff_t>((t * kNumRecallPoints + r) * row);
      at_point.insert(at_point.end(), first, first + static_cast<ptrdiff_t>(row));
    }
    result.push_back(mean_of(at_point, *this, cells));
  }
  return result;
}

std::vector<std::pair<const char*, double>> EvaluationResult::numbers() const {
  std::vector<std::pair<const char*, double>> numbers;
  for (const CocoNumber& number : CocoNumber::of(iou_type))
    numbers.emplace_back(number.name, stats.*number.value);
  return numbers;
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
  result.curves =
      Accumulator(matching, ground_truth.num_classes(), EvaluationAxes::of(iou_type)).run();
  result.stats = summarize(result.curves, iou_type);
  result.per_category = precision_per_category(ground_truth, result.curves, matching);
  if (options.confusion && iou_type == IouType::kBbox)
    result.confusion = confuse(ground_truth, detections, options.images);
  result.warnings = std::move(matching.warnings);
  return result;
}

void require_sigmas(const CocoDataset& ground_truth, std::span<const double> sigmas) {
  const size_t keypoints = keypoint_names(ground_truth).size();
  const size_t count = sigmas.empty() ? coco_sigmas().size() : sigmas.size();
  if (keypoints > 0 && keypoints != count)
    throw IoError(fmt::format(
        "{}: OKS needs a sigma for each of its {} keypoints, got {}{}; --sigmas or "
        "eval.keypoint_sigmas give them",
        base_name(ground_truth.path()), keypoints, sigmas.empty() ? "COCO's " : "", count));
}

std::string summary_text(const EvaluationResult& result) {
  static constexpr const char* kAreaNames[] = {"all", "small", "medium", "large"};
  std::string text;
  for (const CocoNumber& number : CocoNumber::of(result.iou_type)) {
    const char* iou = number.threshold < 0 ? "0.50:0.95" : number.threshold == 0 ? "0.50" : "0.75";
    text += fmt::format(" {:<18} {} @[ IoU={:<9} | area={:>6s} | maxDets={:>3d} ] = {:0.3f}\n",
                        number.precision ? "Average Precision" : "Average Recall",
                        number.precision ? "(AP)" : "(AR)", iou, kAreaNames[number.area],
                        number.limit, result.stats.*number.value);
  }
  return text;
}

}  // namespace denovo::data
