#pragma once

#include <array>
#include <vector>

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"
#include "ops/anchors/anchors.h"

namespace denovo::ops {

/// The anchors of one level; anchors is [height * width * cells.size(), 4].
struct GridAnchors {
  const AnchorLevel& level;
  const std::vector<std::array<double, 4>>& cells;
  double offset;
  const Tensor& anchors;
};

void run(CpuContext& ctx, const GridAnchors& args);
void run(CudaContext& ctx, const GridAnchors& args);

}  // namespace denovo::ops
