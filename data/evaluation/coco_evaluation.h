// COCO average precision and recall, equal to pycocotools 2.0.x in every cell and every digit.
//
// T = 10 IoU thresholds 0.5 … 0.95, R = 101 recall points 0 … 1, K = categories in ascending id,
// A = 4 area ranges (all, small, medium, large), M = 3 limits on detections per image and category
// (1, 10, 100). Detections are matched per image and category in the order of their scores, each
// to the free ground truth of highest IoU; crowds and objects outside the area range are ignored
// and absorb what they match. precision[t, r] is the highest precision at a recall >= r.
//
// Of keypoints the IoU is the OKS (oks.h), A = 3 (no small), M = 1 (20), and objects without a
// labelled keypoint are ignored too.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/coco/dataset.h"
#include "data/coco/detection.h"
#include "data/evaluation/confusion.h"

namespace denovo::data {

inline constexpr int kNumIouThresholds = 10;
inline constexpr int kNumRecallPoints = 101;
inline constexpr int kNumAreas = 4;

enum class IouType { kBbox, kSegm, kKeypoints };
inline constexpr IouType kIouTypes[] = {IouType::kBbox, IouType::kSegm, IouType::kKeypoints};

/// "bbox", "segm" or "keypoints".
std::string_view iou_type_name(IouType type);

/// A and M of a type.
struct EvaluationAxes {
  std::span<const int> areas;   // 0 all, 1 small, 2 medium, 3 large
  std::span<const int> limits;  // ascending

  static EvaluationAxes of(IouType type);
};

struct EvaluationOptions {
  /// The reference's errors too: an annotation with id 0 counts as unmatched, and of annotations
  /// with one id the last in the file stands for all. Off: each counts as what it is.
  bool strict = true;
  /// Only these images count, ground truth and detections (indices into CocoDataset::images);
  /// nullopt: all. pycocotools' params.imgIds.
  std::optional<std::vector<int>> images = std::nullopt;
  /// Of the OKS, one for each keypoint, positive; empty: COCO's 17 (oks.h).
  std::vector<double> sigmas = {};
  /// Of boxes, count too what objects are taken for.
  bool confusion = false;
  /// The file that the detections come from, for messages; empty: they come from no file.
  std::string results_file = {};

  /// "<file>: result[i]", or "results[i]".
  std::string place_of_detection(int64_t i) const;
};

/// The reference's numbers, fractions in [0, 1], or -1 where nothing is defined and where a type
/// has no such number.
struct CocoStats {
  double AP = -1, AP50 = -1, AP75 = -1, APs = -1, APm = -1, APl = -1;
  double AR1 = -1, AR10 = -1, AR100 = -1, ARs = -1, ARm = -1, ARl = -1;
  double AR = -1, AR50 = -1, AR75 = -1;  // of keypoints: recall at their one limit
};

/// A number of the reference: its name, and which cells it is the mean of.
struct CocoNumber {
  const char* name;
  double CocoStats::*value;
  bool precision;       // or recall
  int threshold, area;  // -1: the mean over all thresholds
  int limit;

  /// In the reference's order: 12 for boxes and masks, 10 for keypoints.
  static std::span<const CocoNumber> of(IouType type);
};

struct CategoryPrecision {
  std::string name;  // the category's, with " (id)" appended where two share it
  double AP = -1;
  std::array<int64_t, kNumAreas> objects{};  // that count: by area, all, small, medium, large
};

/// The reference's `eval` arrays, C order; -1 for categories without ground truth.
struct EvaluationCurves {
  int num_categories = 0, num_areas = 0, num_limits = 0;
  std::vector<double> precision;  // [T, R, K, A, M]
  std::vector<double> recall;     // [T, K, A, M]
  std::vector<double> scores;     // [T, R, K, A, M]

  /// Cells at the last limit: one threshold or -1 for all, a place in EvaluationAxes::areas, one
  /// category or -1 for all.
  struct Cells {
    int threshold = -1, area = 0, category = -1;
  };
  /// Means of those that are defined, -1 where none is: what CocoStats are made of.
  double mean_precision(const Cells& cells) const;
  double mean_recall(const Cells& cells) const;
  /// Precision at each of the recall points, a mean over thresholds and categories.
  std::vector<double> precision_at_recalls(const Cells& cells) const;
};

struct EvaluationResult {
  IouType iou_type = IouType::kBbox;
  CocoStats stats;
  std::vector<CategoryPrecision> per_category;  // ascending category id
  EvaluationCurves curves;
  std::optional<Confusion> confusion;  // where it was asked for
  std::vector<std::string> warnings;   // one sentence each

  /// The numbers of `stats` that the type has, by name, in the reference's order.
  std::vector<std::pair<const char*, double>> numbers() const;
};

/// Evaluates detections in the order given (ties in score keep it). kBbox uses Detection::bbox and
/// its area; kSegm uses Detection::mask and its area; kKeypoints uses Detection::keypoints and the
/// area of the box around all of them, whatever their third number is. Detections of unknown
/// categories are left out with a warning. Works with all threads; the result does not depend on
/// their number. Throws IoError for an unknown image id; for kSegm for a detection without mask and
/// a ground-truth mask that cannot be drawn; for kKeypoints where detections or ground truth have
/// other than one keypoint for each sigma (a ground truth may have none).
EvaluationResult evaluate_coco(const CocoDataset& ground_truth,
                               std::span<const Detection> detections, IouType iou_type,
                               const EvaluationOptions& options = {});

/// Throws IoError where the categories have another number of keypoints than there are sigmas.
void require_sigmas(const CocoDataset& ground_truth, std::span<const double> sigmas);

/// The 12 or 10 lines that pycocotools prints, each ended by a newline.
std::string summary_text(const EvaluationResult& result);

}  // namespace denovo::data
