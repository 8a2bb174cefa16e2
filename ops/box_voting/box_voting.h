// Boxes moved to the mean of what was found at their place (Gidaris and Komodakis, 2015).
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// y[n, d] = the mean of the candidates of kept[n, d]'s own class whose IoU with it is at least
/// iou_threshold, weighted with their scores: Detectron's box_voting, whose scores by "ID" stay as
/// they are. A box that no candidate reaches, and one of a negative class (an empty slot), stays.
/// IoU as in nms.h: a box without area has none. Candidates of a negative class, and what is not
/// finite, have no vote. Sums are made in f64, in the order of the candidates.
///
///   kept          [N, D, 4]  f32 or f64, x0 y0 x1 y1
///   kept_classes  [N, D]     i32
///   boxes         [N, C, 4]  dtype of kept
///   scores        [N, C]     dtype of kept, not negative
///   classes       [N, C]     i32
///   returns       [N, D, 4]
///
/// No gradient. Throws ShapeError on other shapes or dtypes and for an iou_threshold outside
/// [0, 1], DeviceError when devices differ.
Tensor vote_boxes(const Tensor& kept, const Tensor& kept_classes, const Tensor& boxes,
                  const Tensor& scores, const Tensor& classes, double iou_threshold);

}  // namespace denovo::ops
