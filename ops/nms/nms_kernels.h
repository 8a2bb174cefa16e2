#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct NmsForward {
  const Tensor &boxes, &scores, &groups;
  double iou_threshold;
  const Tensor &keep, &counts;
};

void run(CpuContext& ctx, const NmsForward& args);
void run(CudaContext& ctx, const NmsForward& args);

}  // namespace denovo::ops
