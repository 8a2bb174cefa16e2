#pragma once

#include <vector>

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// One run of a row of scores and where its best go in a row of the result.
struct TopKSegment {
  int64_t begin, size;
  int64_t slot, slots;
};
struct TopKForward {
  const Tensor& scores;
  const std::vector<TopKSegment>& segments;
  const Tensor &indices, &values;
};

void run(CpuContext& ctx, const TopKForward& args);
void run(CudaContext& ctx, const TopKForward& args);

}  // namespace denovo::ops
