#pragma once

#include <span>
#include <vector>

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"
#include "ops/roi_align/roi_align.h"

namespace denovo::ops {

struct RoiAlignForward {
  std::span<const Tensor> features;
  std::span<const double> strides;
  const Tensor &boxes, &images;
  const RoiAlignOptions& options;
  const Tensor& y;
};

/// grad = beta * grad + what the RoIs of this level contribute.
struct RoiAlignLevelGrad {
  Shape shape;  // of the features
  Tensor grad;  // undefined: not needed
  double beta = 0;
};
struct RoiAlignBackward {
  std::span<const RoiAlignLevelGrad> levels;
  std::span<const double> strides;
  const Tensor &boxes, &images;
  const RoiAlignOptions& options;
  const Tensor& grad_y;
};

void run(CpuContext& ctx, const RoiAlignForward& args);
void run(CudaContext& ctx, const RoiAlignForward& args);
void run(CpuContext& ctx, const RoiAlignBackward& args);
void run(CudaContext& ctx, const RoiAlignBackward& args);

}  // namespace denovo::ops
