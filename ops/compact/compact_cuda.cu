#include "ops/compact/compact_block_passes.h"

namespace denovo::ops {

void run(CudaContext& ctx, const CompactForward& args) {
  compact_blocks::run(ctx, args);
}

}  // namespace denovo::ops
