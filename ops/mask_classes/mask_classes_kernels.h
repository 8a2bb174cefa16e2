#pragma once

#include "core/kernels/backend.h"
#include "ops/mask_targets/mask_targets.h"

namespace denovo::ops {

struct MaskClasses {
  const Tensor &classes, &images, &gt;
  const InstanceMasks& masks;
  const Tensor& result;
};

void run(CpuContext& ctx, const MaskClasses& args);
void run(CudaContext& ctx, const MaskClasses& args);

}  // namespace denovo::ops
