#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

struct RoiClassesArgs {
  const Tensor &labels, &matched, &gt_classes, &classes, &images;
  int num_classes;
};

void run(CpuContext& ctx, const RoiClassesArgs& args);
void run(CudaContext& ctx, const RoiClassesArgs& args);

}  // namespace denovo::ops
