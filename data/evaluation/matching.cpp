#include "data/evaluation/matching.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>

#include "core/error.h"
#include "core/files/base_name.h"
#include "data/evaluation/box_iou.h"
#include "data/evaluation/cells.h"
#include "data/evaluation/numpy_sums.h"
#include "data/evaluation/oks.h"

namespace denovo::data {
namespace {

constexpr ThresholdBits kAllThresholds = (1 << kNumIouThresholds) - 1;

bool outside(double area, int range) {
  return area < kAreaRanges[range][0] || area > kAreaRanges[range][1];
}

/// A ground-truth mask with what its IoUs need.
struct TruthMask {
  Rle rle;
  std::array<double, 4> box{};
};

std::array<double, 4> box_of(RleView rle) {
  const RleBox box = rle_bounding_box(rle);
  return {box.x, box.y, box.width, box.height};
}

/// Works on one cell after the other; one per thread.
class CellMatcher {
 public:
  CellMatcher(const CocoDataset& dataset, std::span<const Detection> detections, const Cells& cells,
              IouType iou_type, const EvaluationOptions& options)
      : dataset_(dataset),
        detections_(detections),
        cells_(cells),
        iou_type_(iou_type),
        options_(options),
        oks_(options.sigmas.empty() ? coco_sigmas() : options.sigmas),
        thresholds_(numpy_linspace(0.5, 0.95, kNumIouThresholds)) {
    for (double& threshold : thresholds_) threshold = std::min(threshold, 1 - 1e-10);
  }

  /// Fills the detections of the cell and counts its positives.
  void match(const Cell& cell, MatchedDetection* out, std::array<int64_t, kNumAreas>& positives) {
    num_truths_ = static_cast<int>(cell.num_truths);
    num_detections_ = static_cast<int>(cell.num_detections);
    truths_.clear();
    for (int g = 0; g < num_truths_; ++g)
      truths_.push_back(&dataset_.annotations()[cells_.truths[cell.first_truth + g]]);
    compute_ious(cell);
    for (int d = 0; d < num_detections_; ++d) {
      out[d] = {};
      out[d].score = detection(cell, d).score;
      out[d].image = cell.image;
      out[d].rank = d;
    }
    for (int area = 0; area < kNumAreas; ++area) {
      positives[area] = order_truths(area);
      if (num_truths_ > 0)
        for (int t = 0; t < kNumIouThresholds; ++t) match_at(area, t, out);
      for (int d = 0; d < num_detections_; ++d)
        if (outside(detection_areas_[d], area))
          out[d].ignored[area] |= kAllThresholds & ~out[d].matched[area];
    }
  }

  int64_t num_size_mismatches() const { return num_size_mismatches_; }

 private:
  const Detection& detection(const Cell& cell, int d) const {
    return detections_[cells_.detections[cell.first_detection + d]];
  }

  /// ious_[d * G + g], detection areas, and which detections can match at all.
  void compute_ious(const Cell& cell) {
    ious_.assign(static_cast<size_t>(num_detections_) * num_truths_, 0);
    detection_areas_.resize(num_detections_);
    switch (iou_type_) {
      case IouType::kBbox:
        compute_box_ious(cell);
        break;
      case IouType::kSegm:
        compute_mask_ious(cell);
        break;
      case IouType::kKeypoints:
        compute_oks(cell);
    }
    candidates_.clear();
    for (int d = 0; d < num_detections_; ++d) {
      const double* row = ious_.data() + static_cast<size_t>(d) * num_truths_;
      // Written so that NaN is a candidate: the reference lets it match.
      if (std::any_of(row, row + num_truths_, [&](double iou) { return !(iou < thresholds_[0]); }))
        candidates_.push_back(d);
    }
  }

  void compute_box_ious(const Cell& cell) {
    for (int d = 0; d < num_detections_; ++d) {
      const std::array<double, 4>& box = detection(cell, d).bbox;
      detection_areas_[d] = box[2] * box[3];
      for (int g = 0; g < num_truths_; ++g)
        ious_[static_cast<size_t>(d) * num_truths_ + g] =
            box_iou(box, truths_[g]->bbox, truths_[g]->crowd);
    }
  }

  void compute_mask_ious(const Cell& cell) {
    masks_.resize(num_detections_ > 0 ? num_truths_ : 0);
    for (size_t g = 0; g < masks_.size(); ++g) {
      masks_[g].rle = dataset_.mask(*truths_[g]);
      masks_[g].box = box_of(masks_[g].rle);
    }
    for (int d = 0; d < num_detections_; ++d) {
      const RleView mask = detection(cell, d).mask;
      if (mask.counts.empty())
        throw IoError(
            fmt::format("{}: a mask is needed for segm, got none",
                        options_.place_of_detection(cells_.detections[cell.first_detection + d])));
      const int64_t area = rle_area(mask);
      detection_areas_[d] = static_cast<double>(area);
      if (num_truths_ == 0) continue;
      const std::array<double, 4> box = box_of(mask);
      for (int g = 0; g < num_truths_; ++g) {
        // The reference computes masks only where the boxes meet.
        if (!(box_iou(box, masks_[g].box, truths_[g]->crowd) > 0)) continue;
        ious_[static_cast<size_t>(d) * num_truths_ + g] =
            mask_iou(mask, area, masks_[g].rle, truths_[g]->crowd);
      }
    }
  }

  void compute_oks(const Cell& cell) {
    for (int d = 0; d < num_detections_; ++d) {
      const std::span<const double> found = detection(cell, d).keypoints;
      if (found.size() != 3 * oks_.num_keypoints())
        throw IoError(
            fmt::format("{}: keypoints must be {} triples, one for each sigma, got {}",
                        options_.place_of_detection(cells_.detections[cell.first_detection + d]),
                        oks_.num_keypoints(), found.size() / 3));
      detection_areas_[d] = keypoint_area(found);
    }
    if (num_detections_ == 0) return;
    for (int g = 0; g < num_truths_; ++g) {
      const std::span<const double> truth = dataset_.keypoints(*truths_[g]);
      if (!truth.empty() && truth.size() != 3 * oks_.num_keypoints())
        throw IoError(fmt::format(
            "{}: annotation {}: keypoints must be {} triples, one for each "
            "sigma, got {}",
            base_name(dataset_.path()), truths_[g]->id, oks_.num_keypoints(), truth.size() / 3));
      for (int d = 0; d < num_detections_; ++d)
        ious_[static_cast<size_t>(d) * num_truths_ + g] = oks_.similarity(
            detection(cell, d).keypoints, truth, truths_[g]->bbox, truths_[g]->area);
    }
  }

  double mask_iou(RleView mask, int64_t area, const Rle& truth, bool crowd) {
    if (mask.height != truth.height || mask.width != truth.width) {
      ++num_size_mismatches_;
      return -1;
    }
    const RleOverlap overlap = rle_overlap(mask, truth);
    if (overlap.intersection == 0) return 0;
    return static_cast<double>(overlap.intersection) /
           static_cast<double>(crowd ? area : overlap.either);
  }

  /// order_: truths that count, then ignored ones, each in file order. Returns how many count.
  int64_t order_truths(int area) {
    ignored_.resize(num_truths_);
    order_.clear();
    for (int g = 0; g < num_truths_; ++g) {
      const bool unlabelled = iou_type_ == IouType::kKeypoints && truths_[g]->num_keypoints == 0;
      ignored_[g] = truths_[g]->crowd || unlabelled || outside(truths_[g]->area, area);
      if (!ignored_[g]) order_.push_back(g);
    }
    const auto num_positives = static_cast<int64_t>(order_.size());
    for (int g = 0; g < num_truths_; ++g)
      if (ignored_[g]) order_.push_back(g);
    return num_positives;
  }

  void match_at(int area, int t, MatchedDetection* out) {
    taken_.assign(num_truths_, 0);
    const auto bit = static_cast<ThresholdBits>(1 << t);
    for (const int d : candidates_) {
      const double* row = ious_.data() + static_cast<size_t>(d) * num_truths_;
      double best_iou = thresholds_[t];
      int best = -1;
      for (const int g : order_) {
        if (taken_[g] && !truths_[g]->crowd) continue;
        if (best >= 0 && !ignored_[best] && ignored_[g]) break;
        if (row[g] < best_iou) continue;  // an equal IoU moves on to the later one
        best_iou = row[g];
        best = g;
      }
      if (best < 0) continue;
      taken_[best] = 1;
      if (ignored_[best]) out[d].ignored[area] |= bit;
      // The reference marks a match by the annotation's id, so that id 0 is none.
      if (!options_.strict || truths_[best]->id != 0) out[d].matched[area] |= bit;
    }
  }

  const CocoDataset& dataset_;
  const std::span<const Detection> detections_;
  const Cells& cells_;
  const IouType iou_type_;
  const EvaluationOptions& options_;
  Oks oks_;
  std::vector<double> thresholds_;
  int num_truths_ = 0, num_detections_ = 0;
  int64_t num_size_mismatches_ = 0;
  std::vector<const CocoAnnotation*> truths_;
  std::vector<TruthMask> masks_;
  std::vector<double> ious_, detection_areas_;
  std::vector<int> candidates_, order_;
  std::vector<char> ignored_, taken_;
};

void warn_of_quirks(const CocoDataset& dataset, const EvaluationOptions& options,
                    std::vector<std::string>& warnings) {
  const std::string_view file = base_name(dataset.path());
  std::map<DefectKind, std::pair<const Defect*, int64_t>> first_and_count;
  for (const Defect& defect : dataset.defects())
    ++first_and_count.try_emplace(defect.kind, &defect, 0).first->second.second;
  for (const auto& [kind, found] : first_and_count) {
    const bool replaced = kind == DefectKind::kDuplicateAnnotationId;
    if ((replaced && !options.strict) || kind == DefectKind::kMissingMember) continue;
    warnings.push_back(
        fmt::format("{}{}{}", describe(*found.first),
                    replaced ? "; the last annotation of an id stands for all" : "",
                    found.second > 1 ? fmt::format("; {} such in all", found.second) : ""));
  }
  const bool id_zero = std::any_of(dataset.annotations().begin(), dataset.annotations().end(),
                                   [](const CocoAnnotation& a) { return a.id == 0; });
  if (id_zero && options.strict)
    warnings.push_back(fmt::format(
        "{}: annotation 0: an id of 0 counts as unmatched, as in pycocotools; give it another id",
        file));
  if (dataset.num_computed_areas() > 0)
    warnings.push_back(
        fmt::format("{}: {} annotations have no area; that of the mask, else of the "
                    "box, was taken",
                    file, dataset.num_computed_areas()));
  if (dataset.num_computed_boxes() > 0)
    warnings.push_back(
        fmt::format("{}: {} annotations have no bbox; that of the segmentation was taken", file,
                    dataset.num_computed_boxes()));
}

}  // namespace

Matching match_detections(const CocoDataset& ground_truth, std::span<const Detection> detections,
                          IouType iou_type, const EvaluationOptions& options) {
  if (iou_type == IouType::kKeypoints) require_sigmas(ground_truth, options.sigmas);
  Matching matching;
  warn_of_quirks(ground_truth, options, matching.warnings);
  Cells cells = sort_into_cells(ground_truth, detections,
                                EvaluationAxes::of(iou_type).limits.back(), options);
  std::move(cells.warnings.begin(), cells.warnings.end(), std::back_inserter(matching.warnings));

  const auto num_cells = static_cast<int64_t>(cells.cells.size());
  matching.detections.resize(cells.detections.size());
  std::vector<std::array<int64_t, kNumAreas>> positives(num_cells);
  std::vector<std::exception_ptr> errors(num_cells);
  int64_t num_size_mismatches = 0;
#pragma omp parallel reduction(+ : num_size_mismatches)
  {
    CellMatcher matcher(ground_truth, detections, cells, iou_type, options);
#pragma omp for schedule(dynamic, 32)
    for (int64_t i = 0; i < num_cells; ++i) {
      try {
        matcher.match(cells.cells[i], matching.detections.data() + cells.cells[i].first_detection,
                      positives[i]);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    }
    num_size_mismatches += matcher.num_size_mismatches();
  }
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
  if (num_size_mismatches > 0)
    matching.warnings.push_back(fmt::format(
        "{} pairs of masks have different sizes and were not matched", num_size_mismatches));

  matching.first_detection.assign(ground_truth.num_classes() + 1, 0);
  matching.num_positives.assign(ground_truth.num_classes(), {});
  for (int64_t i = 0; i < num_cells; ++i) {
    const Cell& cell = cells.cells[i];
    matching.first_detection[cell.category + 1] = cell.first_detection + cell.num_detections;
    if (positives[i] == std::array<int64_t, kNumAreas>{}) continue;
    matching.positives.push_back({cell.category, cell.image, positives[i]});
    for (int area = 0; area < kNumAreas; ++area)
      matching.num_positives[cell.category][area] += positives[i][area];
  }
  for (size_t k = 1; k < matching.first_detection.size(); ++k)
    matching.first_detection[k] =
        std::max(matching.first_detection[k], matching.first_detection[k - 1]);
  return matching;
}

}  // namespace denovo::data
