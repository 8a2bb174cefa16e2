// Targets of the mask head: the ground truth inside each RoI, on the grid that the head predicts.
#pragma once

#include "core/tensor/tensor.h"

namespace denovo::ops {

/// The masks of G instance slots in each of N images, in fixed capacities. An instance has
/// polygons, or run lengths, or neither (an empty slot, a box without a mask).
struct InstanceMasks {
  Tensor polygon_xy;      // f32 or f64 [N, V, 2]: vertices, pixels of the network input
  Tensor polygon_starts;  // i32 [N, P + 1]: first vertex of polygon p; it ends where p + 1 starts
  Tensor instance_polygons;  // i32 [N, G + 1]: first polygon of instance g

  // Run-length masks in the original image; all undefined when no instance has one.
  Tensor run_ends = {};  // i32 [N, Q]: where a run ends, in column-major pixels; zeros run first
  Tensor instance_runs = {};  // i32 [N, G + 1]: first run of instance g
  // f32 [N, 5]: scale_x, scale_y (network / original pixels), flipped (0 or 1), x0, y0. The point
  // x, y of the network input is x0 + x (x0 - x where flipped), y0 + y of the resized image.
  Tensor transforms = {};
  Tensor original_sizes = {};  // i32 [N, 2]: height, width in original pixels
};

/// target[r, y, x] = 1 where instance gt[r] of image images[r] covers cell (y, x) of the size x
/// size grid over boxes[r], else 0. All zero when images[r] or gt[r] is negative (an empty slot),
/// or the instance has no mask.
///
/// Polygons: each is moved by the box's corner, scaled by size / max(extent, 0.1) and drawn on the
/// grid by COCO's rasteriser; an instance is the union of its polygons. Equal to detectron2's
/// rasterize_polygons_within_box on float64 polygons.
/// Run lengths: a cell is covered when at least half of its 4 x 4 regular points lie on pixels of
/// the mask, each point mapped back to the original image (uncropped and unflipped, then divided
/// by the scale).
///
///   boxes    [R, 4]           dtype of polygon_xy, x0 y0 x1 y1 in pixels of the network input
///   images   [R]              i32, below N
///   gt       [R]              i32, below G
///   size     1 to 64
///   returns  [R, size, size]  u8
///
/// No gradient. Throws ShapeError when a shape or dtype differs from the above.
Tensor mask_targets(const Tensor& boxes, const Tensor& images, const Tensor& gt,
                    const InstanceMasks& masks, int64_t size = 28);

}  // namespace denovo::ops
