// From heat maps to keypoints: the highest place of each map, enlarged to its box.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y[r, j] = (X, Y, score): the map of keypoint j is resized to ceil(width) x ceil(height) cells of
/// boxes[r] by bicubic interpolation (torch's: a = -0.75, pixel centres at +0.5, the border
/// repeated), its first highest cell (x, y), row by row, is taken, and
///
///   X = x0 + (x + 0.5) * width / ceil(width), with width = max(x1 - x0, 1); Y likewise
///   score = 1 / sum over the map as it came of exp(logit - the highest value)
///
/// the softmax of the cell, normalised by the small map so that the scores of objects of different
/// sizes compare: heatmaps_to_keypoints of detectron2, whose places torchvision's has too. 0, 0, 0
/// where images[r] is negative (an empty slot).
///
///   logits   [R, S, S, J]  floating point, S at most kMaxHeatmapSize
///   boxes    [R, 4]        f32, or f64 where logits are f64; x0 y0 x1 y1
///   images   [R]           i32
///   returns  [R, J, 3]     dtype of boxes. No gradient.
///
/// Throws ShapeError on other shapes or dtypes.
Tensor heatmap_peaks(const Tensor& logits, const Tensor& boxes, const Tensor& images);

/// A line of the map is held beside the loop that walks along it.
inline constexpr int kMaxHeatmapSize = 128;

}  // namespace denovo::ops
