#include "ops/loss_weights/loss_weights_block_passes.h"

namespace denovo::ops {

void run(CudaContext& ctx, const LossWeights& args) {
  loss_weights_blocks::run(ctx, args);
}

}  // namespace denovo::ops
