// The noise that the choice of validation images leaves in a difference of two AP values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "apps/study/statistics/interval.h"
#include "data/evaluation/coco_evaluation.h"

namespace denovo::study {

inline constexpr int kBootstrapDraws = 1000;
inline constexpr uint64_t kBootstrapSeed = 0;

struct BootstrapDifference {
  double estimate = 0;               // points of AP, on the images themselves; NaN: undefined
  std::optional<Interval> interval;  // points of AP; none when no draw has a defined AP
  int num_defined = 0;               // draws that hold an object
};

/// AP(scratch) - AP(other) in points, and the interval between the 2.5th and the 97.5th percentile
/// of it over `draws` data sets of as many validation images, drawn with repetition; both arms are
/// evaluated on the same draws. It says how well these images determine the difference of these two
/// runs, nothing about other seeds. Percentiles as numpy's (linear between order statistics). Works
/// with all threads; the result depends on (images, draws, seed) alone. Throws as evaluate_coco.
BootstrapDifference bootstrap_difference(const data::CocoDataset& ground_truth,
                                         std::span<const data::Detection> scratch,
                                         std::span<const data::Detection> other,
                                         data::IouType iou_type,
                                         const data::EvaluationOptions& options = {},
                                         int draws = kBootstrapDraws,
                                         uint64_t seed = kBootstrapSeed);

}  // namespace denovo::study
