#include "ops/nms/nms_block_passes.h"
#include "ops/ranking/sort_indices.h"

namespace denovo::ops {

void run(CudaContext& ctx, const NmsForward& args) {
  nms_blocks::run(ctx, args, [&](auto& items) { sort_indices(ctx, items); });
}

}  // namespace denovo::ops
