#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"
#include "ops/box_coder/box_coder.h"

namespace denovo::ops {

struct EncodeBoxes {
  const Tensor &boxes, &gt_boxes;
  const BoxWeights& weights;
  const Tensor& deltas;
};
struct EncodeMatched {
  const Tensor &boxes, &gt_boxes, &matched, &labels;
  const BoxWeights& weights;
  const Tensor& deltas;
};
struct EncodeRois {
  const Tensor &boxes, &images, &gt_boxes, &matched;
  const BoxWeights& weights;
  const Tensor& deltas;
};
struct DecodeBoxes {
  const Tensor &boxes, &deltas;
  const BoxWeights& weights;
  const Tensor& decoded;
};
struct ClipBoxes {
  const Tensor &boxes, &image_sizes, &clipped;
};

void run(CpuContext& ctx, const EncodeBoxes& args);
void run(CudaContext& ctx, const EncodeBoxes& args);
void run(CpuContext& ctx, const EncodeMatched& args);
void run(CudaContext& ctx, const EncodeMatched& args);
void run(CpuContext& ctx, const EncodeRois& args);
void run(CudaContext& ctx, const EncodeRois& args);
void run(CpuContext& ctx, const DecodeBoxes& args);
void run(CudaContext& ctx, const DecodeBoxes& args);
void run(CpuContext& ctx, const ClipBoxes& args);
void run(CudaContext& ctx, const ClipBoxes& args);

}  // namespace denovo::ops
