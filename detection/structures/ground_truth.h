// What a training step knows about its images, on the device.
#pragma once

#include "core/tensor/tensor.h"
#include "ops/mask_targets/mask_targets.h"

namespace denovo::detection {

/// N images, G object slots each. Boxes and polygons are in pixels of the network input, f32
/// (f64 in an f64 run).
struct GroundTruth {
  Tensor boxes;    // [N, G, 4] x0 y0 x1 y1
  Tensor classes;  // i32 [N, G], -1 = empty slot

  ops::InstanceMasks masks;  // for models with a mask head
  Tensor keypoints = {};     // for models with a keypoint head: [N, G, J, 3], x, y, v (v 0: none)
};

/// The images of a step as the network sees them.
struct ImageBatch {
  Tensor pixels;  // [N, H, W, 3], normalised, zero outside the valid size; H, W multiples of 32
  Tensor sizes;   // i32 [N, 2], valid height and width
  Tensor ids;     // i64 [N]

  int64_t count() const { return pixels.size(0); }
};

}  // namespace denovo::detection
