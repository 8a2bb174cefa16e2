#include "ops/batch_norm/batch_norm_block_passes.h"

namespace denovo::ops {

void run(CudaContext& ctx, const BatchMoments& args) {
  batch_norm_blocks::run(ctx, args);
}
void run(CudaContext& ctx, const BatchNormForward& args) {
  batch_norm_blocks::run(ctx, args);
}
void run(CudaContext& ctx, const BatchNormSums& args) {
  batch_norm_blocks::run(ctx, args);
}
void run(CudaContext& ctx, const BatchNormBackward& args) {
  batch_norm_blocks::run(ctx, args);
}

}  // namespace denovo::ops
