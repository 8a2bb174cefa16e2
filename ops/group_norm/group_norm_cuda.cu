#include "ops/group_norm/group_norm_block_passes.h"

namespace denovo::ops {

void run(CudaContext& ctx, const GroupNormForward& args) {
  group_norm_blocks::run(ctx, args);
}
void run(CudaContext& ctx, const GroupNormBackward& args) {
  group_norm_blocks::run(ctx, args);
}

}  // namespace denovo::ops
