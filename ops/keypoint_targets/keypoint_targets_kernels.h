#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct KeypointTargetsForward {
  const Tensor &boxes, &images, &gt, &classes, &keypoints;
  int64_t size;
  const Tensor &places, &with_place;
};

void run(CpuContext& ctx, const KeypointTargetsForward& args);
void run(CudaContext& ctx, const KeypointTargetsForward& args);

}  // namespace denovo::ops
