#pragma once

#include "core/backend.h"
#include "core/tensor.h"

namespace denovo::ops {

struct AppendGroundTruth {
  const Tensor &proposals, &counts, &gt_boxes, &gt_classes, &boxes, &valid;
};

void run(CpuContext& ctx, const AppendGroundTruth& args);
void run(CudaContext& ctx, const AppendGroundTruth& args);

}  // namespace denovo::ops
