#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct AppendGroundTruth {
  const Tensor &proposals, &counts, &gt_boxes, &gt_classes, &boxes, &valid;
};

void run(CpuContext& ctx, const AppendGroundTruth& args);
void run(CudaContext& ctx, const AppendGroundTruth& args);

}  // namespace denovo::ops
