// Proposals of a training step, with the ground truth among them.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

struct RoiCandidates {
  Tensor boxes;  // [N, P + G, 4], zeros in empty slots
  Tensor valid;  // i32 [N, P + G]: 0, or -1 in empty slots
};

/// boxes[n] = proposals[n], then gt_boxes[n]: at the start of training the RPN proposes nothing
/// useful, and the ground truth keeps the heads fed (as in Detectron and detectron2).
///
///   proposals   [N, P, 4]  f32 or f64
///   counts      [N]        i32, proposals in use
///   gt_boxes    [N, G, 4]  dtype of proposals
///   gt_classes  [N, G]     i32, -1 = empty slot
///
/// No gradient. Throws ShapeError on other shapes or dtypes.
RoiCandidates append_ground_truth(const Tensor& proposals, const Tensor& counts,
                                  const Tensor& gt_boxes, const Tensor& gt_classes);

}  // namespace denovo::ops
