#include "ops/ranking/sort_indices.h"
#include "ops/top_k/top_k_sort_passes.h"

namespace denovo::ops {

void run(CudaContext& ctx, const TopKForward& args) {
  top_k_sort::run(ctx, args, [&](auto& items) { sort_indices(ctx, items); });
}

}  // namespace denovo::ops
