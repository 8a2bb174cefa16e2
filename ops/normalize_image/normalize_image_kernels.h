#pragma once

#include "core/kernels/backend.h"
#include "ops/normalize_image/normalize_image.h"

namespace denovo::ops {

struct NormalizeImage {
  const Tensor &pixels, &sizes, &y;
  const NormalizeImageOptions& options;
};

void run(CpuContext& ctx, const NormalizeImage& args);
void run(CudaContext& ctx, const NormalizeImage& args);

}  // namespace denovo::ops
