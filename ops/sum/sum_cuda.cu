#include "ops/sum/sum_block_passes.h"

namespace denovo::ops {

void run(CudaContext& ctx, const SumForward& args) {
  sum_blocks::run(ctx, args);
}

}  // namespace denovo::ops
