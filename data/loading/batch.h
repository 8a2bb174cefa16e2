// A batch of images with their objects, in host memory. N images, padded to H x W; G object slots,
// V polygon vertices, P polygons, R run lengths per image, J keypoints per object (Capacities).
#pragma once

#include <span>
#include <vector>

#include "core/tensor/tensor.h"

namespace denovo::data {

/// The fixed sizes of a batch: the data set's largest counts, rounded up to multiples of 8, so that
/// no step allocates or compiles anew.
struct Capacities {
  int64_t instances = 8;  // G
  int64_t vertices = 8;   // V
  int64_t polygons = 8;   // P
  int64_t runs = 0;       // R; 0 where no instance has run lengths
  int64_t keypoints = 0;  // J, of an instance; 0: none, their tensor stays undefined
  bool masks = true;      // false: boxes only, the tensors of masks stay undefined
};

struct Batch {
  Tensor images;          // u8 [N, H, W, 3] RGB, zero beyond the valid size
  Tensor image_sizes;     // i32 [N, 2], valid height and width, after resizing and cropping
  Tensor original_sizes;  // i32 [N, 2], height and width before it
  Tensor image_ids;       // i64 [N], ids of the annotation file

  Tensor boxes;    // f32 [N, G, 4] x0 y0 x1 y1 in pixels of the network input; empty slots 0
  Tensor classes;  // i32 [N, G], class index; -1 = empty slot. Filled slots come first

  // Masks of instance g: polygons [instance_polygons[g], instance_polygons[g + 1]), each of the
  // vertices [polygon_starts[p], polygon_starts[p + 1]); or run lengths, in the original frame.
  Tensor polygon_xy;         // f32 [N, V, 2] in pixels of the network input, beyond it too
  Tensor polygon_starts;     // i32 [N, P + 1]
  Tensor instance_polygons;  // i32 [N, G + 1]
  Tensor run_ends;           // i32 [N, R], cumulative, column-major, zeros first; may be undefined
  Tensor instance_runs;      // i32 [N, G + 1]; undefined where run_ends is
  Tensor transforms;         // f32 [N, 5]: of ops::InstanceMasks

  // f32 [N, G, J, 3]: x, y in pixels of the network input, v as in the file (CocoDataset). A
  // keypoint that is missing, or not on the image or its crop, and those of empty slots are 0.
  Tensor keypoints;

  int64_t count() const { return images.size(0); }
};

/// Its tensors in the order of the struct, undefined ones included, and back.
std::vector<Tensor> tensors_of(const Batch& batch);
Batch batch_of(std::span<const Tensor> tensors);

}  // namespace denovo::data
