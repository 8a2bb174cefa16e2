#include "data/evaluation/voc_evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/coco/match_categories.h"
#include "data/evaluation/cells.h"

namespace denovo::data {
namespace {

constexpr double kMinOverlap = 0.5;

// MATLAB's 0:0.1:1, which counts from both ends: its fourth number is above 0.3, so that three
// objects of ten do not reach it.
constexpr double kRecallPoints[] = {0, 0.1, 0.2, 3 * 0.1, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};

/// Of pixels counted from 1, the last ones inside.
struct Corners {
  double xmin, ymin, xmax, ymax;

  explicit Corners(const std::array<double, 4>& bbox)
      : xmin(bbox[0] + 1), ymin(bbox[1] + 1), xmax(bbox[0] + bbox[2]), ymax(bbox[1] + bbox[3]) {}
  double area() const { return (xmax - xmin + 1) * (ymax - ymin + 1); }
};

/// -infinity where they share no pixel.
double overlap(const Corners& a, const Corners& b) {
  const double width = std::min(a.xmax, b.xmax) - std::max(a.xmin, b.xmin) + 1,
               height = std::min(a.ymax, b.ymax) - std::max(a.ymin, b.ymin) + 1;
  if (!(width > 0 && height > 0)) return -std::numeric_limits<double>::infinity();
  return width * height / (a.area() + b.area() - width * height);
}

enum class Verdict : uint8_t { kRight, kWrong, kIgnored };

/// A detection that has been looked at; index: among all.
struct Judged {
  int index;
  Verdict verdict;
};

class ClassJudge {
 public:
  ClassJudge(const CocoDataset& dataset, std::span<const Detection> detections, const Cells& cells)
      : dataset_(dataset), detections_(detections), cells_(cells) {}

  /// Cells of one class, in turn.
  void judge(const Cell& cell) {
    const auto truths =
        std::span(cells_.truths)
            .subspan(static_cast<size_t>(cell.first_truth), static_cast<size_t>(cell.num_truths));
    for (const int index : truths) num_positives_ += !ignored(index);
    std::vector<bool> found(truths.size());
    for (int64_t d = 0; d < cell.num_detections; ++d) {
      const int index = cells_.detections[static_cast<size_t>(cell.first_detection + d)];
      judged_.push_back({index, verdict(detections_[static_cast<size_t>(index)], truths, found)});
    }
  }

  /// -1 without positives.
  double average_precision(VocRule rule) {
    if (num_positives_ == 0) return -1;
    trace();
    return rule == VocRule::k07 ? eleven_points() : area();
  }

 private:
  bool ignored(int truth) const {
    const CocoAnnotation& annotation = dataset_.annotations()[static_cast<size_t>(truth)];
    return annotation.difficult || annotation.crowd;
  }

  Verdict verdict(const Detection& detection, std::span<const int> truths,
                  std::vector<bool>& found) const {
    const Corners box(detection.bbox);
    double most = -std::numeric_limits<double>::infinity();
    size_t best = 0;
    for (size_t t = 0; t < truths.size(); ++t) {
      const double o =
          overlap(box, Corners(dataset_.annotations()[static_cast<size_t>(truths[t])].bbox));
      if (!(o > most)) continue;
      most = o;
      best = t;
    }
    if (!(most >= kMinOverlap)) return Verdict::kWrong;
    if (ignored(truths[best])) return Verdict::kIgnored;
    if (found[best]) return Verdict::kWrong;
    found[best] = true;
    return Verdict::kRight;
  }

  /// Recall and precision behind each detection.
  void trace() {
    std::sort(judged_.begin(), judged_.end(), [&](const Judged& a, const Judged& b) {
      const double left = detections_[static_cast<size_t>(a.index)].score,
                   right = detections_[static_cast<size_t>(b.index)].score;
      if (left > right || (std::isnan(right) && !std::isnan(left))) return true;
      if (right > left || (std::isnan(left) && !std::isnan(right))) return false;
      return a.index < b.index;
    });
    double right = 0, wrong = 0;
    for (const Judged& judged : judged_) {
      right += judged.verdict == Verdict::kRight;
      wrong += judged.verdict == Verdict::kWrong;
      recall_.push_back(right / static_cast<double>(num_positives_));
      precision_.push_back(right + wrong > 0 ? right / (right + wrong) : 0);
    }
  }

  double eleven_points() const {
    double sum = 0;
    for (const double point : kRecallPoints) {
      double highest = 0;
      for (size_t i = 0; i < recall_.size(); ++i)
        if (recall_[i] >= point) highest = std::max(highest, precision_[i]);
      sum += highest / static_cast<double>(std::size(kRecallPoints));
    }
    return sum;
  }

  double area() const {
    std::vector<double> envelope = precision_;
    for (size_t i = envelope.size(); i-- > 1;)
      envelope[i - 1] = std::max(envelope[i - 1], envelope[i]);
    double sum = 0, reached = 0;
    for (size_t i = 0; i < recall_.size(); ++i) {
      if (recall_[i] == reached) continue;
      sum += (recall_[i] - reached) * envelope[i];
      reached = recall_[i];
    }
    return sum;
  }

  const CocoDataset& dataset_;
  const std::span<const Detection> detections_;
  const Cells& cells_;
  int64_t num_positives_ = 0;
  std::vector<Judged> judged_;
  std::vector<double> recall_, precision_;
};

}  // namespace

std::string VocResult::name() const {
  return fmt::format("voc{}", choice_name(rule, kVocRuleNames));
}

VocResult evaluate_voc(const CocoDataset& ground_truth, std::span<const Detection> detections,
                       VocRule rule, const EvaluationOptions& options) {
  EvaluationOptions as_they_are = options;
  as_they_are.strict = false;
  Cells cells =
      sort_into_cells(ground_truth, detections, std::numeric_limits<int>::max(), as_they_are);
  VocResult result{.rule = rule};
  result.warnings = std::move(cells.warnings);
  const std::vector<std::string> names = distinct_names(ground_truth.categories());
  double sum = 0;
  int64_t defined = 0;
  auto cell = cells.cells.begin();
  for (int k = 0; k < ground_truth.num_classes(); ++k) {
    ClassJudge judge(ground_truth, detections, cells);
    for (; cell != cells.cells.end() && cell->category == k; ++cell) judge.judge(*cell);
    const double ap = judge.average_precision(rule);
    result.per_category.push_back({names[static_cast<size_t>(k)], ap});
    if (ap < 0) continue;
    sum += ap;
    ++defined;
  }
  if (defined > 0) result.mAP = sum / static_cast<double>(defined);
  return result;
}

std::string summary_text(const VocResult& result) {
  return fmt::format(" Mean Average Precision     @[ IoU=0.50      | {:<24} ] = {:0.3f}\n",
                     result.rule == VocRule::k07 ? "PASCAL VOC 2007" : "PASCAL VOC 2010-2012",
                     result.mAP);
}

}  // namespace denovo::data
