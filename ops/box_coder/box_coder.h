// Boxes to regression targets and back (Girshick et al., R-CNN, appendix C), and clipping.
//
// Boxes are [x0, y0, x1, y1] in pixels, width = x1 - x0; deltas are [dx, dy, dw, dh]. All of this
// is constant for autograd, as in detectron2: nothing here gives a gradient. Expressions and their
// order are those of detectron2's Box2BoxTransform and torchvision's BoxCoder; exp and log of f32
// values are computed in double and rounded once, so that CPU and GPU agree.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// ln(1000/16). dw and dh are cut off here before exp: no box grows more than 1000/16 times.
inline constexpr double kMaxLogScale = 4.135166556742356;

/// Deltas are multiplied by these when encoded: (1, 1, 1, 1) in the RPN, (10, 10, 5, 5) for RoIs.
struct BoxWeights {
  double x = 1, y = 1, w = 1, h = 1;
};

/// Deltas that carry each box to its ground truth, row by row:
///   dx = wx (cx_gt - cx) / width,  dw = ww ln(width_gt / width),  and the same in y.
///
///   boxes     [R, 4]  f32 or f64
///   gt_boxes  [R, 4]  dtype of boxes
///   returns   [R, 4]  dtype of boxes; not finite where a box has no area
///
/// Throws ShapeError on other shapes or dtypes, DeviceError when devices differ.
Tensor encode_boxes(const Tensor& boxes, const Tensor& gt_boxes, const BoxWeights& weights);

/// encode_boxes against the matched ground truth of each image.
///
///   boxes     [M, 4] (the same for all images) or [N, M, 4]  f32 or f64
///   gt_boxes  [N, G, 4]  dtype of boxes
///   matched   [N, M]     i32, index of the ground truth, -1 = none
///   labels    [N, M]     i32
///   returns   [N, M, 4]  dtype of boxes; zeros where labels != 1 or matched < 0
Tensor encode_matched(const Tensor& boxes, const Tensor& gt_boxes, const Tensor& matched,
                      const Tensor& labels, const BoxWeights& weights);

/// encode_boxes for RoIs that carry their image.
///
///   boxes     [R, 4]     f32 or f64
///   images    [R]        i32, -1 = empty slot
///   gt_boxes  [N, G, 4]  dtype of boxes
///   matched   [R]        i32, ground truth within the image, -1 = none
///   returns   [R, 4]     dtype of boxes; zeros where images < 0 or matched < 0
Tensor encode_rois(const Tensor& boxes, const Tensor& images, const Tensor& gt_boxes,
                   const Tensor& matched, const BoxWeights& weights);

/// The inverse: each box moved by K deltas, dw and dh cut off at kMaxLogScale.
///
///   boxes    [R, 4]      f32 or f64
///   deltas   [R, 4 K]    dtype of boxes
///   returns  [R, K, 4]   dtype of boxes; NaN in a delta stays NaN in the box
Tensor decode_boxes(const Tensor& boxes, const Tensor& deltas, const BoxWeights& weights);

/// x clipped to [0, width], y to [0, height] of the image; NaN stays NaN.
///
///   boxes        [N, B, 4]  f32 or f64
///   image_sizes  [N, 2]     i32, height and width
///   returns      [N, B, 4]
Tensor clip_boxes(const Tensor& boxes, const Tensor& image_sizes);

}  // namespace denovo::ops
