#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// The lines of an enlarged map are searched in so many parts, whose best ones are compared then: a
/// thread for each keypoint alone would leave a GPU idle.
inline constexpr int64_t kHeatmapParts = 16;

struct HeatmapPeaks {
  const Tensor &logits, &boxes, &images;
  const Tensor &part_values, &part_cells;  // [R, J, parts]: the highest value, and y * width + x
  const Tensor& found;
};

void run(CpuContext& ctx, const HeatmapPeaks& args);
void run(CudaContext& ctx, const HeatmapPeaks& args);

}  // namespace denovo::ops
