// The keypoint loss of Mask R-CNN: a softmax over all places of a heat map, one of which is right.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

///   y = sum_{r,j} weights[r, j] * (log(sum_p exp(logits[r, p, j])) - logits[r, places[r, j], j])
///
/// with p over the H W places of the map of keypoint j, row by row, and the map's maximum taken out
/// first (Mask R-CNN, section 5: a one-hot mask for each keypoint). A keypoint whose weight is 0 or
/// whose place is negative is skipped: whatever its map holds (NaN, too) changes nothing.
///
///   logits   [R, H, W, J]  floating point
///   places   [R, J]        i32, below H W; a larger one gives NaN, so that the step is refused
///   weights  [R, J]        f32, or f64 where logits are f64; constant: never receives a gradient
///   returns  []            dtype of weights; summed in double, in a fixed order
///
/// Backward:
///   grad_logits[r, p, j] =
///       grad_y * weights[r, j] * (softmax(logits[r, :, j])[p] - [p == places[r, j]])
/// and 0 in skipped maps. Saves logits, places, weights.
/// Throws ShapeError when a shape or dtype differs from the above.
Tensor heatmap_cross_entropy(const Tensor& logits, const Tensor& places, const Tensor& weights);

}  // namespace denovo::ops
