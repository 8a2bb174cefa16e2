// Greedy non-maximum suppression inside groups: pyramid levels (proposals) or classes (detections).
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

struct NmsResult {
  Tensor keep;    // i32 [N, max_output]: indices of kept boxes by descending score, then -1
  Tensor counts;  // i32 [N]: how many were kept
};

/// For every image, in the order of descending score (equal scores: lower index first), a box is
/// kept unless a box of its own group that was kept before has IoU > iou_threshold with it. Stops
/// at max_output boxes. IoU = intersection / (area + area' - intersection) with width = x1 - x0; a
/// box without area has IoU 0 with every box. Boxes of different groups never meet (no offsets
/// are added to coordinates, so the result is exact).
///
///   boxes   [N, B, 4]  f32 or f64, x0 y0 x1 y1
///   scores  [N, B]     dtype of boxes
///   groups  [N, B]     i32; negative: not a candidate
///
/// Boxes or scores that are not finite are not candidates. No gradient. Equal to
/// torchvision.ops.nms per group. Throws ShapeError on other shapes or dtypes, iou_threshold
/// outside [0, 1] and max_output < 1.
NmsResult batched_nms(const Tensor& boxes, const Tensor& scores, const Tensor& groups,
                      double iou_threshold, int64_t max_output);

}  // namespace denovo::ops
