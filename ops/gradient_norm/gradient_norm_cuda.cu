#include "ops/gradient_norm/gradient_norm_block_passes.h"

namespace denovo::ops {

void run(CudaContext& ctx, const GradientNorm& args) {
  gradient_norm_blocks::run(ctx, args);
}

}  // namespace denovo::ops
