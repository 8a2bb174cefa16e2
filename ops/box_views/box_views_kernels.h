#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// Boxes [N, B, 4] into those of a list [N, L, 4] that begin with box `first`.
struct BoxesInView {
  const Tensor &boxes, &from_sizes, &to_sizes;
  bool mirror;
  const Tensor& list;
  int64_t first;
};
/// Numbers [N, C] into those of a list [N, L] that begin with `first`.
struct PlaceInList {
  const Tensor &values, &list;
  int64_t first;
};

void run(CpuContext& ctx, const BoxesInView& args);
void run(CudaContext& ctx, const BoxesInView& args);
void run(CpuContext& ctx, const PlaceInList& args);
void run(CudaContext& ctx, const PlaceInList& args);

}  // namespace denovo::ops
