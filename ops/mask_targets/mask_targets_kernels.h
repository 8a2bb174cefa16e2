#pragma once

#include "core/kernels/backend.h"
#include "ops/mask_targets/mask_targets.h"

namespace denovo::ops {

struct MaskTargetsForward {
  const Tensor &boxes, &images, &gt;
  const InstanceMasks& masks;
  const Tensor& targets;
};

void run(CpuContext& ctx, const MaskTargetsForward& args);
void run(CudaContext& ctx, const MaskTargetsForward& args);

}  // namespace denovo::ops
