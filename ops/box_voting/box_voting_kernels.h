#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct VoteBoxes {
  const Tensor &kept, &kept_classes, &boxes, &scores, &classes;
  double iou_threshold;
  const Tensor& voted;
};

void run(CpuContext& ctx, const VoteBoxes& args);
void run(CudaContext& ctx, const VoteBoxes& args);

}  // namespace denovo::ops
