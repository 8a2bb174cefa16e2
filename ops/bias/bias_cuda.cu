#include "ops/bias/bias_block_passes.h"

namespace denovo::ops {

void run(CudaContext& ctx, const BiasBackward& args) {
  bias_blocks::run(ctx, args);
}
void run(CudaContext& ctx, const ReluBiasBackward& args) {
  bias_blocks::run(ctx, args);
}

}  // namespace denovo::ops
