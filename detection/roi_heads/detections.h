// Boxes at test time: all candidates, and the best of them.
#pragma once

#include "core/tensor/tensor.h"
#include "detection/config/model_config.h"

namespace denovo::detection {

/// C candidates per image. Those of several passes over the same images (flipped, in other sizes),
/// brought into one frame, are joined along C before the best are chosen.
struct ScoredBoxes {
  Tensor boxes;    // [N, C, 4] in pixels of the network input
  Tensor scores;   // [N, C]
  Tensor classes;  // i32 [N, C]; -1: no candidate
};

/// D slots per image, descending by score; D is at most test.detections_per_image.
struct Detections {
  Tensor boxes;    // [N, D, 4] in pixels of the network input
  Tensor scores;   // [N, D]; 0 in empty slots
  Tensor classes;  // i32 [N, D]; -1 in empty slots
  Tensor counts;   // i32 [N]
  Tensor masks;    // [N * D, S, S] probabilities; undefined without a mask head
  // [N * D, J, 3] x, y in pixels of the network input, score (ops/heatmap_peaks); 0 in empty slots,
  // undefined without a keypoint head.
  Tensor keypoints = {};
};

/// images[n, p] = n for the first counts[n] of the slots of each image, -1 beyond; i32 [N * slots].
/// Waits for the device: test time alone.
Tensor images_of(const Tensor& counts, int64_t slots);

/// Non-maximum suppression within each class at config.nms_iou, then the best
/// config.detections_per_image of all classes; equal scores: the candidate that comes first. On the
/// CPU D is what the fullest image uses (ops::usable_rows). Leaves masks and keypoints undefined.
/// No gradient.
Detections best_detections(const ScoredBoxes& candidates, const TestConfig& config);

}  // namespace denovo::detection
