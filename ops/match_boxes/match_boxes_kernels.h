#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"
#include "ops/match_boxes/match_boxes.h"

namespace denovo::ops {

/// Boxes of which one thread finds the best IoU with each ground truth: a small part of an M x G
/// matrix is stored, and an image of a thousand boxes still occupies several threads.
inline constexpr int64_t kMatchChunk = 64;

/// gt_best[n, g] = the highest IoU of ground truth g with the boxes of image n, -1 without boxes.
/// partial [N, ceil(M / kMatchChunk), G] is scratch.
struct BestOfGroundTruth {
  const Tensor &boxes, &gt_boxes, &gt_classes, &valid, &partial, &gt_best;
};
/// gt_best may be undefined: no low-quality matches.
struct MatchBoxes {
  const Tensor &boxes, &gt_boxes, &gt_classes, &valid, &gt_best;
  const MatchOptions& options;
  const Match& match;
};

void run(CpuContext& ctx, const BestOfGroundTruth& args);
void run(CudaContext& ctx, const BestOfGroundTruth& args);
void run(CpuContext& ctx, const MatchBoxes& args);
void run(CudaContext& ctx, const MatchBoxes& args);

}  // namespace denovo::ops
