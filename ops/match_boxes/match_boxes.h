// Which ground truth each anchor or proposal is trained against (Ren et al., Faster R-CNN, 3.1.2).
#pragma once

#include <cstdint>

#include "core/tensor/tensor.h"

namespace denovo::ops {

struct MatchOptions {
  double low = 0.5, high = 0.5;  // IoU thresholds, low <= high
  // Labels for IoU < low, low <= IoU < high, and IoU >= high.
  int32_t below = 0, between = -1, above = 1;
  /// Gives `above` to every box whose IoU with some ground truth is the highest that this ground
  /// truth has with any box, ties included, however low it is.
  bool low_quality_matches = false;
};

struct Match {
  Tensor matched;  // i32 [N, M]: index of the ground truth with the highest IoU, lowest on ties;
                   // -1 in images without ground truth and for empty slots
  Tensor labels;   // i32 [N, M]: by threshold; `below` without ground truth, -1 for empty slots
};

/// IoU and thresholds as detectron2's Matcher and torchvision's: a low-quality match changes the
/// label, never the index. No M x G matrix exists: with low_quality_matches, IoU is computed twice.
///
///   boxes       [M, 4] (the same for all images) or [N, M, 4]  f32 or f64
///   gt_boxes    [N, G, 4]  dtype of boxes
///   gt_classes  [N, G]     i32, negative = empty slot
///   valid       undefined  all boxes are there, or
///               [N]        i32, the first valid[n] boxes of image n are there, or
///               [N, M]     i32, negative = empty slot (indices and classes with -1 pads serve as
///                          they are)
///
/// No gradient. Throws ShapeError on other shapes or dtypes and when low > high.
Match match_boxes(const Tensor& boxes, const Tensor& gt_boxes, const Tensor& gt_classes,
                  const MatchOptions& options, const Tensor& valid = {});

}  // namespace denovo::ops
