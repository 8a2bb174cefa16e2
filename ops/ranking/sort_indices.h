#pragma once

#include "core/kernels/backend.h"
#include "ops/ranking/keyed_indices.h"
#include "ops/ranking/score_order.h"

namespace denovo::ops {

/// Sorts on the GPU by radix (CUB). Nothing waits for the host.
void sort_indices(CudaContext& ctx, KeyedIndices<uint64_t>& items);
void sort_indices(CudaContext& ctx, KeyedIndices<WideRank>& items);

}  // namespace denovo::ops
