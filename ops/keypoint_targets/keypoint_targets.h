// Targets of a keypoint head: where on each RoI's heat map its object's keypoints are.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

struct KeypointTargets {
  Tensor places;   // i32 [R, J]: y * size + x of a cell; -1: nothing to learn
  Tensor classes;  // i32 [R]: that of the RoI where one of its keypoints has a place, else -1
};

/// The cell of the size x size grid over boxes[r] in which keypoint j of instance gt[r] of image
/// images[r] lies:
///
///   x = floor((X - x0) * (size / (x1 - x0))), or size - 1 where X == x1; y likewise
///
/// A keypoint has no place when it is not labelled (v = 0) or not in the box, and where images[r]
/// or gt[r] is negative (an empty slot, a RoI without an object). Equal to keypoints_to_heatmap of
/// detectron2 and torchvision.
///
///   boxes      [R, 4]        f32 or f64, x0 y0 x1 y1 in pixels of the network input
///   images     [R]           i32, below N
///   gt         [R]           i32, below G
///   classes    [R]           i32
///   keypoints  [N, G, J, 3]  dtype of boxes: X, Y in pixels of the network input, v
///   size       positive
///
/// No gradient. Throws ShapeError when a shape or dtype differs from the above.
KeypointTargets keypoint_targets(const Tensor& boxes, const Tensor& images, const Tensor& gt,
                                 const Tensor& classes, const Tensor& keypoints, int64_t size);

}  // namespace denovo::ops
