#pragma once

#include "core/kernels/backend.h"
#include "core/tensor/tensor.h"

namespace denovo::ops {

/// Copies images' blocks between a level [N, level_size] and its place in the list [N, list_size],
/// element offset `first` in each image's row.
struct CopyLevel {
  const Tensor &level, &list;
  int64_t first;
  bool to_list;  // else list to level
  double beta;   // 1: level += list (backward only)
};

void run(CpuContext& ctx, const CopyLevel& args);
void run(CudaContext& ctx, const CopyLevel& args);

}  // namespace denovo::ops
